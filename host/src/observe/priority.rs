//! Priority: what became of the wish for real-time priority, as a plain value.

use serde::{Deserialize, Serialize};

/// Whether a thread that keeps the pace of a stream has real-time priority.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriorityState {
    /// Nobody asked: the configuration says `off`, or the run keeps no pace.
    #[default]
    NotAsked,
    /// It has it.
    Granted,
    /// It was asked for and not granted.
    Refused,
    /// The system took it back: the thread worked too long without a pause.
    Lost,
}

/// Who granted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriorityGrantor {
    /// The system itself, by the rights of the process.
    System,
    /// rtkit, over D-Bus.
    Rtkit,
}

impl PriorityGrantor {
    /// What a sentence calls it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::System => "the system",
            Self::Rtkit => "rtkit",
        }
    }
}

/// What became of the wish for real-time priority.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PriorityReport {
    /// How it stands.
    pub state: PriorityState,
    /// The scheduling policy, where it was granted: `fifo` from the system, `rr` from rtkit.
    pub policy: Option<String>,
    /// The priority in that policy, from 1 to 99.
    pub priority: Option<u32>,
    /// Who granted it.
    pub by: Option<PriorityGrantor>,
    /// Why it was not, or not to the end.
    pub reason: Option<String>,
}

impl PriorityReport {
    /// One line for people; `None` where nobody asked.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let reason = self.reason.as_deref().unwrap_or_default();
        let by = self.by.map_or("", PriorityGrantor::words);
        match self.state {
            PriorityState::NotAsked => None,
            PriorityState::Granted => {
                let policy = self.policy.as_deref().unwrap_or_default();
                let priority = self.priority.unwrap_or_default();
                Some(format!(
                    "real-time priority: {policy} {priority}, from {by}"
                ))
            }
            PriorityState::Refused => Some(format!("no real-time priority: {reason}")),
            PriorityState::Lost => Some(format!("real-time priority from {by} was lost: {reason}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_it_is_one_line() {
        let granted = PriorityReport {
            state: PriorityState::Granted,
            policy: Some("fifo".to_owned()),
            priority: Some(40),
            by: Some(PriorityGrantor::System),
            reason: None,
        };
        let lost = PriorityReport {
            state: PriorityState::Lost,
            reason: Some("why".to_owned()),
            ..granted.clone()
        };
        let refused = PriorityReport {
            state: PriorityState::Refused,
            reason: Some("why".to_owned()),
            ..PriorityReport::default()
        };
        for (report, expected) in [
            (PriorityReport::default(), None),
            (
                granted,
                Some("real-time priority: fifo 40, from the system"),
            ),
            (
                lost,
                Some("real-time priority from the system was lost: why"),
            ),
            (refused, Some("no real-time priority: why")),
        ] {
            assert_eq!(report.sentence().as_deref(), expected);
        }
    }
}
