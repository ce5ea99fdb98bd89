//! Tests of what people read of a session.

mod golden;
