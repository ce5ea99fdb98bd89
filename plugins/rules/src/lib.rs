//! The rules plugin.
