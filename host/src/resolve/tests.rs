//! Tests of what is chosen and of what is said where nothing can be.

mod bounds;
mod conflicts;
mod oracle;
mod stories;
