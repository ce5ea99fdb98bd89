//! States: the words about how a session and its stages are.

use crate::observe::words::words;

words!(read
    /// How a session is.
    SessionState {
        /// Input is taken.
        Running = "running",
        /// No further input is taken until somebody says so.
        Paused = "paused",
        /// The input is over; what is left is written.
        Ending = "ending",
    }
);

words!(exact
    /// How fast a run goes.
    Pace {
        /// As fast as it can: time never changes the audio.
        Fast = "fast",
        /// As fast as the stream.
        RealTime = "realtime",
    }
);

words!(read
    /// What is heard of a stage.
    StageCondition {
        /// Its output.
        Heard = "heard",
        /// Its input, because somebody wants it so.
        Bypassed = "bypassed",
        /// What its policy says, because it failed.
        Out = "out",
        /// Its output; a new instance runs beside it unheard.
        Shadow = "shadow",
        /// Two instances together.
        Fading = "fading",
    }
);

words!(said
    /// Where a stage is in its life of failures and restarts.
    RestartState {
        /// An instance is heard.
        Heard = "heard",
        /// The delay before the next attempt is not over.
        Waiting = "waiting",
        /// A new instance is made.
        Making = "being made",
        /// A new instance runs in shadow.
        Trial = "on trial",
        /// No further instance is tried.
        GivenUp = "given up",
    }
);

words!(said
    /// How an attempt to restart a stage ended.
    AttemptOutcome {
        /// The new instance is heard.
        Returned = "returned",
        /// It failed before it was heard.
        FailedOnTrial = "failed on trial",
        /// It could not be made.
        Refused = "refused",
    }
);

words!(said
    /// What is heard when a stage fails.
    OnError {
        /// Its input, as late as the stage.
        Bypass = "bypass",
        /// Nothing.
        Mute = "mute",
        /// The last good block, fading to silence.
        Hold = "hold",
        /// Another component, which is kept warm.
        Fallback = "fallback",
        /// The run ends.
        Stop = "stop",
    }
);

words!(said
    /// A signal that was heard in the place of a stage's instance.
    SubstituteKind {
        /// Its input, as late as the stage.
        Bypass = "bypass",
        /// Silence.
        Mute = "mute",
        /// The last good block, fading to silence.
        Hold = "hold",
        /// The component that is kept warm.
        Fallback = "fallback",
    }
);
