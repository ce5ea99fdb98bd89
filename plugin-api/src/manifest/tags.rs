//! Tags: the numbers of the records, with the names that errors use.
//!
//! In: nothing. Out: one table per kind of record. A number is never given a second meaning
//! within one ABI major; new ones are added at the end.

/// A record's number and its name for people.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    /// The number on the wire, one namespace for each kind of record.
    pub(super) number: u16,
    /// The name in errors.
    pub(super) name: &'static str,
}

const fn tag(number: u16, name: &'static str) -> Tag {
    Tag { number, name }
}

/// What the body of a manifest holds.
pub(super) mod plugin {
    use super::{Tag, tag};

    pub(in crate::manifest) const ID: Tag = tag(1, "id");
    pub(in crate::manifest) const NAME: Tag = tag(2, "name");
    pub(in crate::manifest) const VERSION: Tag = tag(3, "version");
    pub(in crate::manifest) const VENDOR: Tag = tag(4, "vendor");
    pub(in crate::manifest) const LICENSE: Tag = tag(5, "license");
    pub(in crate::manifest) const DOC: Tag = tag(6, "doc");
    pub(in crate::manifest) const RUSTC: Tag = tag(7, "rustc");
    pub(in crate::manifest) const TARGET: Tag = tag(8, "target");
    pub(in crate::manifest) const PANIC: Tag = tag(9, "panic");
    pub(in crate::manifest) const HEAP: Tag = tag(10, "heap");
    pub(in crate::manifest) const REQUIRES: Tag = tag(11, "requires");
    pub(in crate::manifest) const REPLACES: Tag = tag(12, "replaces");
    pub(in crate::manifest) const COMPONENTS: Tag = tag(13, "components");
}

/// What a requirement holds.
pub(super) mod require {
    use super::{Tag, tag};

    pub(in crate::manifest) const ID: Tag = tag(1, "id");
    pub(in crate::manifest) const VERSION: Tag = tag(2, "version");
    pub(in crate::manifest) const NEED: Tag = tag(3, "need");
}

/// What a component holds.
pub(super) mod component {
    use super::{Tag, tag};

    pub(in crate::manifest) const KIND: Tag = tag(1, "kind");
    pub(in crate::manifest) const NAME: Tag = tag(2, "name");
    pub(in crate::manifest) const DOC: Tag = tag(3, "doc");
    /// Parameters and groups are written in one row, so that their order is the wire's.
    pub(in crate::manifest) const PARAMS: Tag = tag(4, "params");
    pub(in crate::manifest) const SETTINGS: Tag = tag(5, "settings");
    pub(in crate::manifest) const OUTPUTS: Tag = tag(6, "outputs");
    pub(in crate::manifest) const EVENTS: Tag = tag(7, "events");
    pub(in crate::manifest) const SUBSCRIBES: Tag = tag(8, "subscribes");
    pub(in crate::manifest) const READINGS: Tag = tag(9, "readings");
    pub(in crate::manifest) const LAYOUTS: Tag = tag(10, "layouts");
    pub(in crate::manifest) const LATENCY: Tag = tag(11, "latency");
    pub(in crate::manifest) const TAIL: Tag = tag(12, "tail");
    pub(in crate::manifest) const REAL_TIME: Tag = tag(13, "real_time");
    pub(in crate::manifest) const BLOCKS: Tag = tag(14, "blocks");
    pub(in crate::manifest) const SIDECHAINS: Tag = tag(15, "sidechains");
    pub(in crate::manifest) const STATE_SCHEMA: Tag = tag(16, "state_schema");
    pub(in crate::manifest) const HOP: Tag = tag(17, "hop");
    pub(in crate::manifest) const REFERENCE: Tag = tag(18, "reference");
    pub(in crate::manifest) const GROUPS: Tag = tag(19, "params");
}

/// What a parameter holds.
pub(super) mod param {
    use super::{Tag, tag};

    pub(in crate::manifest) const ID: Tag = tag(1, "id");
    pub(in crate::manifest) const DOC: Tag = tag(2, "doc");
    pub(in crate::manifest) const UNIT: Tag = tag(3, "unit");
    pub(in crate::manifest) const RANGE: Tag = tag(4, "range");
    pub(in crate::manifest) const CHOICES: Tag = tag(5, "choices");
    pub(in crate::manifest) const SMOOTH_MS: Tag = tag(6, "smooth_ms");
    pub(in crate::manifest) const CHANGE: Tag = tag(7, "change");
    pub(in crate::manifest) const LIMIT: Tag = tag(8, "limit");
}

/// What a group of parameters holds.
pub(super) mod group {
    use super::{Tag, tag};

    pub(in crate::manifest) const ID: Tag = tag(1, "id");
    pub(in crate::manifest) const DOC: Tag = tag(2, "doc");
    pub(in crate::manifest) const COUNT: Tag = tag(3, "count");
    pub(in crate::manifest) const MEMBERS: Tag = tag(4, "members");
}

/// What a setting holds.
pub(super) mod setting {
    use super::{Tag, tag};

    pub(in crate::manifest) const ID: Tag = tag(1, "id");
    pub(in crate::manifest) const DOC: Tag = tag(2, "doc");
    pub(in crate::manifest) const VALUE: Tag = tag(3, "value");
    pub(in crate::manifest) const NEED: Tag = tag(4, "need");
}

/// What an output, an event or a reading holds.
pub(super) mod reading {
    use super::{Tag, tag};

    pub(in crate::manifest) const ID: Tag = tag(1, "id");
    pub(in crate::manifest) const DOC: Tag = tag(2, "doc");
    pub(in crate::manifest) const UNIT: Tag = tag(3, "unit");
    pub(in crate::manifest) const RANGE: Tag = tag(4, "range");
    pub(in crate::manifest) const PER: Tag = tag(5, "per");
    pub(in crate::manifest) const BETTER: Tag = tag(6, "better");
}
