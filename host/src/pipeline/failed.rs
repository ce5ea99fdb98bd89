//! Failed: an instance that failed and leaves its place.
//!
//! In: an instance. Out: the same, to be asked why and ended off the audio thread.

use segue_plugin::link::Processor;

/// Which instance of a stage failed.
#[derive(Debug)]
pub enum FailedInstance {
    /// Its own.
    Own(Processor),
    /// The component that it falls back on.
    Fallback(Processor),
}

impl FailedInstance {
    /// The instance itself.
    #[must_use]
    pub const fn processor(&self) -> &Processor {
        match self {
            Self::Own(processor) | Self::Fallback(processor) => processor,
        }
    }

    /// Takes it out, to end it. Not for the audio thread.
    #[must_use]
    pub fn into_processor(self) -> Processor {
        match self {
            Self::Own(processor) | Self::Fallback(processor) => processor,
        }
    }
}
