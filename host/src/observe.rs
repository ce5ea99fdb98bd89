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
    ActionReport, AttemptReport, BudgetReport, DecideReport, FallbackReport, FaultReport,
    GenerationReport, HeapReport, LeftOutReport, Notice, OutputReport, ProcessReport,
    ReadingReport, RestartReport, RunReport, SCHEMA_VERSION, StageReport, StreamReport,
    SubstituteReport, TapReport, TimeReport,
};
pub use spread::Spread;
