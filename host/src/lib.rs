//! Segue: an audio plugin host that changes its processors while the audio runs.
//!
//! Modules stand on floors: a module imports only from floors below its own, and modules of one floor
//! do not know each other. The table of floors stands in `docs/architecture.md`, with what each module
//! is for; a test holds the tree to it.
//!
//! # A session in a program of your own
//!
//! [`session::open`] opens the plugins of a configuration, once for all sessions of it. A session has two
//! ends: [`session::AudioEnd`] plays, from whatever thread calls it; [`swap::ask::ControlEnd`] is asked
//! for changes from any other. `host/examples/embed.rs` is a program with all that is left out here.
//!
//! ```no_run
//! use segue::session::{self, AudioEnd, Embedding, Flow, SessionError};
//! use segue::swap::ask::{Answer, Command, ControlEnd, Insert, Swap, Target};
//!
//! /// What a device calls back.
//! fn callback(audio: &mut AudioEnd, input: &[f32], output: &mut [f32]) -> Flow {
//!     audio.process(&[input], &mut [output])
//! }
//!
//! /// What a button does meanwhile: the newest version of a stage's plugin takes over.
//! fn newest(control: &ControlEnd, cause: segue::observe::Cause) -> Option<Answer> {
//!     let swap = Swap {
//!         target: Target::Stage("eq".parse().ok()?),
//!         component: None,
//!         versions: None,
//!         insert: Insert::Refused,
//!     };
//!     control.ask(Command::Swap(swap), cause).ok()?.recv().ok()
//! }
//!
//! fn run(embedding: Embedding, cause: segue::observe::Cause) -> Result<(), SessionError> {
//!     let (mut audio, control) = session::begin(embedding)?;
//!     std::thread::spawn(move || newest(&control, cause));
//!     let (input, mut output) = ([0.0; 480], [0.0; 480]);
//!     while audio.position_frames() < 48_000 {
//!         let _ = callback(&mut audio, &input, &mut output);
//!     }
//!     println!("{} changes", audio.end().changes.len());
//!     Ok(())
//! }
//! ```

#![cfg_attr(rtsan, feature(sanitize))]

pub mod admission;
pub mod batch;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
#[expect(
    unsafe_code,
    reason = "the floating-point mode is set and read by inline assembly"
)]
pub mod cpu;
pub mod discovery;
pub mod escape;
pub mod follow;
#[cfg(test)]
#[expect(
    unreachable_pub,
    reason = "the tests of the whole product use this file too"
)]
#[path = "../../tests/src/golden.rs"]
mod golden;
pub mod id;
#[expect(unsafe_code, reason = "opens libraries and takes their header symbol")]
pub mod loading;
pub mod observe;
pub mod pipeline;
pub mod private;
pub mod process;
pub mod provenance;
pub mod realtime;
pub mod regular;
pub mod report;
pub mod resolve;
#[cfg(test)]
#[expect(
    unreachable_pub,
    reason = "the tests of the whole product use this file too"
)]
#[path = "../../tests/src/schema.rs"]
mod schema;
pub mod session;
pub mod supervise;
pub mod swap;
pub mod system;
pub mod text;
pub mod threads;
pub mod watch;

pub use segue_media as media;
