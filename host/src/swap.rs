//! Swap: what can be asked of a running session, and the table of a change's states.
//!
//! In: plain requests from the control socket, a reload, a timeline, a watcher, decisions. Out: what
//! happens, for who subscribed to it; the states a change goes through, one exhaustive table.

pub mod ask;
pub mod events;
pub mod record;
pub mod table;
