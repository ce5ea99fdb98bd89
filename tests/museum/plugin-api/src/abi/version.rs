//! Version: the number that says who can talk to whom.
//!
//! It is a constant of its own, raised only when the wire changes; a patch of the SDK never
//! raises it.

use std::fmt;

/// A version of the wire between host and plugins.
///
/// Within one major everything is only ever added, at the end and with a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbiVersion {
    /// Raised when something on the wire changes or goes.
    pub major: u16,
    /// Raised when something is added to the wire.
    pub minor: u16,
}

/// The version this SDK, and a host built with it, speaks.
pub const ABI_VERSION: AbiVersion = AbiVersion { major: 1, minor: 0 };

impl AbiVersion {
    /// Whether a host of version `self` can load a plugin that needs at least `min_host`.
    #[must_use]
    pub const fn can_host(self, min_host: Self) -> bool {
        self.major == min_host.major && self.minor >= min_host.minor
    }
}

impl fmt::Display for AbiVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: (u16, u16), plugin: (u16, u16), expected: bool) {
        let version = |(major, minor)| AbiVersion { major, minor };
        assert_eq!(
            version(host).can_host(version(plugin)),
            expected,
            "{host:?} {plugin:?}"
        );
    }

    #[test]
    fn a_host_takes_older_minors_of_its_own_major_only() {
        check((1, 0), (1, 0), true);
        check((1, 1), (1, 0), true);
        check((1, 0), (1, 1), false);
        check((2, 0), (1, 0), false);
        check((1, 0), (2, 0), false);
    }
}
