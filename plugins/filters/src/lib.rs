//! The filters plugin.
