//! Tests of what people read of a scan.

mod golden;
