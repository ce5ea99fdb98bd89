//! Tests of what people read of a run.

mod golden;
mod receipts;
