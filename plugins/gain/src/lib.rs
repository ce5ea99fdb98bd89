//! The gain plugin.
