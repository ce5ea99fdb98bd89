//! Observe: what is seen of a run, as plain values.
//!
//! In: nothing; everyone above writes into these. Out: events while it runs, a `RunReport` when
//! it is over. Ids, numbers and text only, never a live object.

mod batch;
mod estimate;
mod event;
mod histogram;
mod machine;
mod reasons;
mod receipt;
mod report;
mod seam;
mod slowest;
mod spread;
mod status;
mod times;

pub use batch::{BatchReport, BatchTotals, FileReport, FileState};
pub use estimate::{StageCost, StageEstimate, TotalCost, TotalEstimate};
pub use event::{Event, EventSink, NoSink};
pub use histogram::Histogram;
pub use machine::MachineReport;
pub use receipt::{Alignment, Cause, Identity, Receipt, Seam, StepTime, Takeover};
pub use report::{
    ActionReport, AttemptReport, BudgetReport, DecideReport, FallbackReport, FaultReport,
    GenerationReport, HeapReport, LeftOutReport, Notice, OutputReport, ProcessReport,
    ProcessingReport, ReadingReport, RestartReport, RunReport, SCHEMA_VERSION, StageReport,
    StreamReport, SubstituteReport, TapReport, TimeReport,
};
pub use seam::{MARGIN_FRAMES_MAX, SEAM_FRAMES_MAX, seam};
pub use slowest::{SLOWEST_MAX, SlowCall, Slowest};
pub use spread::Spread;
pub use status::{GenerationStatus, OverrideStatus, PlannedEdit, StageStatus, Status};
pub use times::Times;
