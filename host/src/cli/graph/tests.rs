//! Tests of the picture of a pipeline.

mod golden;
