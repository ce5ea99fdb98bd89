//! The loudness plugin.
