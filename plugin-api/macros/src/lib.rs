//! Derive macros of `segue-plugin`.
