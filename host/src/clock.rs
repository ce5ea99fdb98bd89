//! Clock: when each turn of a stream at real-time pace is due, how late it was, and who was
//! waited for.
//!
//! In: what a drive does (it reads, works, sleeps, writes) and when. Out: until when to sleep; the
//! lateness of whole turns; stalls, with their side; a face on which anybody reads what the drive
//! is at.
//!
//! A turn is one round of a drive: its input is read, processed, held until it is due, and written.
//! It is due when the stream, at its rate, has come to the turn's end; what it is late is counted
//! when all of it is done, the writing included. Small delays are caught up; what is later than
//! [`bound`] is a stall, and after a stall the stream goes on from there at its pace, never faster
//! to catch up. [`Timetable`], the arithmetic, is pure: moments come in as values.

mod drive_clock;
mod face;
mod lookout;
mod timetable;

pub use crate::clock::drive_clock::{DriveClock, clock};
pub use crate::clock::face::{DriveStep, Face};
pub use crate::clock::lookout::{Lookout, StreamNews};
pub use crate::clock::timetable::{Stall, Timetable, TurnTimes, bound};
