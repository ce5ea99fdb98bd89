//! The levels plugin.
