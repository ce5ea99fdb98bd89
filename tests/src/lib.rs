//! What the tests of the whole product share: builds, a place to work in, audio files.
//!
//! In: the workspace this crate lies in. Out: its plugins and its executable, built once and
//! found; commands run in folders of their own; WAV files through a crate that is not ours.
//!
//! Nothing here sleeps, and nothing asserts how long something takes.

#![expect(
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up is a test that failed: everything here panics then"
)]

pub mod air;
pub mod build;
pub mod desk;
pub mod documented;
pub mod embed;
pub mod golden;
pub mod library;
pub mod live;
pub mod mutate;
pub mod oracle;
pub mod play;
pub mod record;
pub mod schema;
pub mod script;
pub mod signals;
pub mod source;
pub mod structure;
pub mod watch;
pub mod wav;
