//! Change: the words about one change of the running pipeline: what is done, how it ended, where it
//! is, what work it takes and what it costs.

use crate::observe::words::words;

words!(read
    /// What a change does to a stage, in receipts and in the lines of a plan.
    ChangeAction {
        /// Another instance takes the stage's place.
        Swap = "swap",
        /// What was there before the last swap takes the place again.
        Rollback = "rollback",
        /// The stage's input is heard in its place.
        Bypass = "bypass",
        /// The stage is heard again.
        Restore = "restore",
        /// A parameter gets another value.
        Set = "set",
        /// The stage comes into the pipeline.
        Add = "add",
        /// The stage leaves the pipeline.
        Remove = "remove",
        /// The stage, a tap or the output reads something else.
        Move = "move",
        /// Something holds from now on, and nothing that runs changes for it.
        Keep = "keep",
        /// The configuration is read again; about the whole pipeline.
        Reload = "reload",
        /// Overrides are given back.
        Reset = "reset",
    }
);

words!(read
    /// How a change ended.
    ChangeVerdict {
        /// It is as it was asked for.
        Done = "done",
        /// Nothing had begun.
        Refused = "refused",
        /// It had begun and was taken back: the graph is as before.
        Aborted = "aborted",
    }
);

words!(read
    /// Where a change is, or where it ended.
    ChangeState {
        /// A worker resolves, probes, opens and creates.
        Preparing = "preparing",
        /// The candidate was made and run on silence; it is primed with recent input.
        Prepared = "prepared",
        /// The candidate has heard the recent past; it waits for its place on the audio thread.
        Primed = "primed",
        /// It is on its way to the audio thread.
        Sent = "sent",
        /// It runs beside the old instance; nobody hears it.
        Shadow = "shadow",
        /// It is as late as it has to be and ready to be heard.
        Aligned = "aligned",
        /// Both are heard.
        Fading = "fading",
        /// Both are heard, on the way back to the old instance.
        Reversing = "reversing",
        /// The new instance is heard alone; the old one is on its way back.
        Draining = "draining",
        /// The old instance is heard alone; the candidate is on its way back.
        Leaving = "leaving",
        /// The end: the new instance is the stage's, the old one is gone.
        Retired = "retired",
        /// The end: the change did not last, and what was made for it is gone.
        Aborted = "aborted",
    }
);

words!(read
    /// A step of the work that a change takes.
    StepKind {
        /// Versions were chosen.
        Resolve = "resolve",
        /// A child process opened the library for the first time.
        Probe = "probe",
        /// The library was opened.
        Open = "open",
        /// The instance was made.
        Create = "create",
        /// The instance was told its format and took its memory.
        Activate = "activate",
        /// It ran on silence.
        Silence = "silence",
        /// A handoff of state was rehearsed.
        Rehearse = "rehearse",
        /// It heard the recent input.
        Prime = "prime",
        /// A state of an older schema became one of the newer.
        Migrate = "migrate",
        /// Instances were exchanged on the audio thread.
        Exchange = "exchange",
    }
);

words!(read
    /// What a planned edit costs.
    ChangeCost {
        /// Nothing: no instance and no wire changes.
        Nothing = "nothing",
        /// Two signals are heard together for a moment.
        Fade = "a fade",
        /// An instance is made, and what it is heard with depends on its state.
        Instance = "a new instance, its state handed over or a fade",
        /// An instance is made and faded in.
        InstanceAndFade = "a new instance, a fade",
        /// The stage runs twice for a moment.
        SecondInstance = "a second instance, a fade",
        /// It comes with an instance that another line of the plan is about.
        WithInstance = "with the new instance",
    }
);

impl ChangeState {
    /// Whether the change is over.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Retired | Self::Aborted)
    }
}
