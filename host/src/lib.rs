//! Segue: an audio plugin host that changes its processors while the audio runs.
//!
//! Floors, highest first. A module imports only from floors below its own, and modules of one
//! floor do not know each other; a test holds the tree to this table.
//!
//! | floor | modules | what they are for |
//! | --- | --- | --- |
//! | 7 | `cli`, `report` | words from and to people; only `cli` prints |
//! | 6 | `session`, `control`, `watch` | one run from start to stop; control socket, signals; changed files |
//! | 5 | `supervise`, `swap` | what becomes of a stage that failed; what can be asked, the swap's table |
//! | 4 | `pipeline`, `admission` | blocks into blocks; which binaries may be opened |
//! | 3 | `resolve`, `loading` | versions and load order; file to checked generation to instance |
//! | 2 | `config`, `discovery`, `io` | plugins.toml; directories to manifests; samples in and out |
//! | 1 | `observe` | events, readings, counters: plain values |
//! | 0 | `audio`, `id` | words everyone shares |

#![cfg_attr(rtsan, feature(sanitize))]

pub mod admission;
pub mod audio;
pub mod cli;
pub mod config;
pub mod control;
pub mod discovery;
pub mod id;
pub mod io;
#[expect(unsafe_code, reason = "opens libraries and takes their header symbol")]
pub mod loading;
pub mod observe;
pub mod pipeline;
pub mod report;
pub mod resolve;
pub mod session;
pub mod supervise;
pub mod swap;
pub mod watch;
