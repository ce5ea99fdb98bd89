//! Stall: a stretch in which a stream at real-time pace did not go on, and who was waited for.

use serde::{Deserialize, Serialize};

/// Who kept a turn of the stream waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StallSide {
    /// Whoever writes the input.
    Input,
    /// Whoever reads the output.
    Output,
    /// Taps, where the stream waits for them.
    Taps,
    /// The host itself: its own work, its plugins, or a system that did not let it run.
    Host,
}

impl StallSide {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Input, Self::Output, Self::Taps, Self::Host];

    /// Its one spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Taps => "taps",
            Self::Host => "host",
        }
    }

    /// What a sentence calls it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Input => "the input",
            Self::Output => "the output",
            Self::Taps => "taps",
            Self::Host => "the host itself",
        }
    }
}

/// The stalls of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SideStalls {
    /// Who was waited for.
    pub side: StallSide,
    /// How often.
    pub count: u64,
    /// All of them together.
    pub total_ns: u64,
    /// The longest.
    pub worst_ns: u64,
    /// The first frame of the turn that was so late.
    pub worst_position_frames: u64,
}

/// The stalls of a run that are over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Stalls {
    /// How many there were.
    pub count: u64,
    /// All of them together.
    pub total_ns: u64,
    /// The same of each side that was waited for.
    pub sides: Vec<SideStalls>,
}

impl Stalls {
    /// Those of the side that kept the stream waiting longest at once; `None` without any.
    #[must_use]
    pub fn worst(&self) -> Option<&SideStalls> {
        self.sides.iter().max_by_key(|one| one.worst_ns)
    }
}

/// How late the turns of a stream at real-time pace were, against when each was due.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Lateness {
    /// How many turns were counted.
    pub turns: u64,
    /// Half of them were no later.
    pub p50_ns: u64,
    /// 99 in 100 were no later.
    pub p99_ns: u64,
    /// The latest.
    pub max_ns: u64,
    /// How they are distributed: the most of a bucket in ns, and how many it holds.
    pub histogram: Vec<(u64, u64)>,
}

/// What a session waits for now, for longer than a stream at its pace can do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Waiting {
    /// Who is waited for.
    pub side: StallSide,
    /// For how long.
    pub waited_ns: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_has_one_spelling() {
        for side in StallSide::ALL {
            let text = serde_json::to_string(&side).unwrap();
            assert_eq!(text, format!("{:?}", side.as_str()));
        }
    }
}
