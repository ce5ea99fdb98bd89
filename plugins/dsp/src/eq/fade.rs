//! Fade: how long a section takes to take another one's place.
//!
//! In: frames. Out: the same, held to what anyone waits for.

/// The longest fade, and the longest time before it, in frames: more than a minute at every rate.
pub const FADE_FRAMES_MAX: u32 = 1 << 26;

/// How a section takes another one's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fade {
    /// Frames that the new section runs unheard before: two, and then as many as what is wrong in
    /// its memory takes to decay (`Coefficients::decay_frames`). With 0 it starts at rest.
    pub warm_frames: u32,
    /// Frames in which both are heard, and the share of the new one grows in a straight line.
    pub fade_frames: u32,
}

impl Fade {
    /// Other coefficients from the next frame on, with the memory as it is: a step, unless all is
    /// at rest.
    pub const AT_ONCE: Self = Self {
        warm_frames: 0,
        fade_frames: 0,
    };

    /// All of it.
    pub(super) fn frames(self) -> u64 {
        u64::from(self.warm_frames) + u64::from(self.fade_frames)
    }

    pub(super) fn longest(self) -> u32 {
        self.warm_frames.max(self.fade_frames)
    }

    pub(super) fn is_in_range(self) -> bool {
        self.longest() <= FADE_FRAMES_MAX
    }
}
