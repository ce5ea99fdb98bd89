//! Exit: what became of a command, and the number that tells it.

/// What the exit code tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// All went well: 0.
    Done,
    /// It failed while running: 1.
    Failed,
    /// The command line or the configuration is wrong: 2.
    Misused,
    /// A plugin is missing, refused or in conflict: 3.
    Plugin,
    /// It was done, and something on the way was not as it should be: 4.
    Degraded,
    /// A signal asked for the end: 128 and its number.
    Signal(usize),
}

impl Exit {
    /// The exit code.
    pub(super) fn code(self) -> i32 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Misused => 2,
            Self::Plugin => 3,
            Self::Degraded => 4,
            Self::Signal(signal) => i32::try_from(signal).map_or(255, |signal| 128 + signal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_counted_from_128_on() {
        assert_eq!(Exit::Signal(2).code(), 130);
        assert_eq!(Exit::Signal(15).code(), 143);
        assert_eq!(Exit::Degraded.code(), 4);
    }
}
