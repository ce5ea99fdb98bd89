//! Observe: what is seen of a run, as plain values.
//!
//! In: nothing; everyone above writes into these. Out: events while it runs, a `RunReport` when
//! it is over. Ids, numbers and text only, never a live object.

mod batch;
mod change;
mod estimate;
mod event;
mod histogram;
mod kinds;
mod machine;
mod priority;
mod reasons;
mod receipt;
mod report;
#[cfg(test)]
mod schema;
mod seam;
mod slowest;
mod spread;
mod stall;
mod states;
mod status;
mod times;
mod who;
mod words;

pub use batch::{BatchReport, BatchTotals, FileReport, FileState};
pub use change::{ChangeAction, ChangeCost, ChangeState, ChangeVerdict, StepKind};
pub use estimate::{StageCost, StageEstimate, TotalCost, TotalEstimate};
pub use event::{Event, EventSink, NoSink};
pub use histogram::{Histogram, SharedHistogram};
pub use kinds::{ActionOutcome, DecisionAction, FailureKind, ReadingBetter, TapKind};
pub use machine::MachineReport;
pub use priority::{PriorityGrantor, PriorityReport, PriorityState};
pub use receipt::{Alignment, Cause, FileMistake, Identity, Receipt, Seam, StepTime, Takeover};
pub use report::{
    ActionReport, AttemptReport, BudgetReport, DecideReport, FallbackReport, FaultReport,
    GenerationReport, HeapReport, LeftOutReport, Notice, OutputReport, ProcessReport,
    ProcessingReport, ReadingReport, RestartReport, RunReport, SCHEMA_VERSION, StageReport,
    StreamReport, SubstituteReport, TapReport, TimeReport,
};
pub use seam::{MARGIN_FRAMES_MAX, SEAM_FRAMES_MAX, seam};
pub use slowest::{SLOWEST_MAX, SlowCall, Slowest};
pub use spread::Spread;
pub use stall::{Lateness, SideStalls, StallSide, Stalls, Waiting};
pub use states::{
    AttemptOutcome, OnError, Pace, RestartState, SessionState, StageCondition, SubstituteKind,
};
pub use status::{GenerationStatus, OverrideStatus, PlannedEdit, StageStatus, Status};
pub use times::Times;
pub use who::{Rank, Who};
