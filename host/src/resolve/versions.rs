//! Versions: sets of the versions of one plugin, as the solver wants them.
//!
//! In: the versions that were found, in order. Out: sets of their ranks.
//!
//! A set lists versions that exist instead of an interval that might contain some. So
//! `VersionReq::matches` itself says what belongs to it, and no second reading of Cargo's syntax
//! (pre-releases, build metadata) can disagree with the first.

use std::fmt;

use pubgrub::VersionSet;

/// The most versions of one plugin: one bit each, and one for 'absent'.
pub const VERSIONS_MAX: usize = u128::BITS as usize - 1;

/// A place in the ordered list of a plugin's versions, from 1; 0 is [`VersionRank::ABSENT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VersionRank(u8);

impl VersionRank {
    /// The version of a plugin that is left out.
    pub(crate) const ABSENT: Self = Self(0);

    /// The rank of the version at `index` of the ordered list.
    pub(crate) fn of_index(index: usize) -> Self {
        assert!(
            index < VERSIONS_MAX,
            "the universe keeps at most {VERSIONS_MAX} versions"
        );
        Self(index as u8 + 1)
    }

    /// The index in the ordered list, `None` for 'absent'.
    pub(crate) fn index(self) -> Option<usize> {
        usize::from(self.0).checked_sub(1)
    }
}

impl fmt::Display for VersionRank {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "#{}", self.0)
    }
}

/// A set of ranks, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Ranks(u128);

impl Ranks {
    /// The highest rank of the set.
    pub(crate) fn highest(self) -> Option<VersionRank> {
        self.0.checked_ilog2().map(|bit| VersionRank(bit as u8))
    }

    /// The set and `rank`.
    pub(crate) fn with(self, rank: VersionRank) -> Self {
        Self(self.0 | 1 << rank.0)
    }

    /// The set without `rank`.
    pub(crate) fn without(self, rank: VersionRank) -> Self {
        Self(self.0 & !(1 << rank.0))
    }

    /// Every index of the ordered list that is in the set, lowest first.
    pub(crate) fn indices(self) -> impl Iterator<Item = usize> {
        (0..VERSIONS_MAX).filter(move |&index| self.contains(&VersionRank::of_index(index)))
    }
}

impl FromIterator<VersionRank> for Ranks {
    fn from_iter<T: IntoIterator<Item = VersionRank>>(ranks: T) -> Self {
        ranks.into_iter().fold(Self::default(), Self::with)
    }
}

impl fmt::Display for Ranks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#b}", self.0)
    }
}

impl VersionSet for Ranks {
    type V = VersionRank;

    fn empty() -> Self {
        Self(0)
    }

    fn singleton(rank: VersionRank) -> Self {
        Self::empty().with(rank)
    }

    fn complement(&self) -> Self {
        Self(!self.0)
    }

    fn intersection(&self, other: &Self) -> Self {
        Self(self.0 & other.0)
    }

    fn contains(&self, rank: &VersionRank) -> bool {
        self.0 >> rank.0 & 1 == 1
    }
}
