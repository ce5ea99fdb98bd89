//! Observe: what is seen of a run, as plain values.
//!
//! In: nothing; everyone above writes into these. Out: events while it runs, a `RunReport` when
//! it is over. Ids, numbers and text only, never a live object.

mod batch;
mod event;
mod histogram;
mod report;
mod spread;

pub use batch::{BatchReport, BatchTotals, FileReport, FileState};
pub use event::{Event, EventSink, NoSink};
pub use histogram::Histogram;
pub use report::{
    ActionReport, DecideReport, FaultReport, GenerationReport, HeapReport, Notice, OutputReport,
    ProcessReport, ReadingReport, RunReport, SCHEMA_VERSION, StageReport, StreamReport, TapReport,
    TimeReport,
};
pub use spread::Spread;
