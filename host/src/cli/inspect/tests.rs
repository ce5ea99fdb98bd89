//! Tests of what people read of a plugin.

mod golden;
