//! Swap: what can be asked of a running session, and the table of a change's states.
//!
//! In: plain requests from the control socket, a reload, a timeline, a watcher, decisions.
//! Out: the states a change goes through, one exhaustive table. Pure.

pub mod ask;
pub mod table;

#[cfg(test)]
mod walks;
