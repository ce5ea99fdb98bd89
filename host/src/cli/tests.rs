//! Tests of what people read.

pub(in crate::cli) mod specimen;
