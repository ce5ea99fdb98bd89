//! Limits: how much of everything a manifest may hold.
//!
//! In: nothing. Out: the bounds that the encoder keeps at compile time, and that the reader
//! checks before it uses a count or a length from outside.

/// The largest manifest with its header, in bytes. A manifest is a page of text; more is a mistake.
pub const MANIFEST_BYTES_MAX: usize = 64 * 1024;

/// The longest id, name of a component or label, in bytes: what still fits into a table's column.
pub const NAME_BYTES_MAX: usize = 64;

/// The longest unit, in bytes.
pub const UNIT_BYTES_MAX: usize = 16;

/// The longest line of text (name, vendor, licence, compiler), in bytes.
pub const LINE_BYTES_MAX: usize = 256;

/// The longest description, in bytes: what people read before they look for a manual.
pub const PROSE_BYTES_MAX: usize = 4096;

/// The longest version or requirement, in bytes.
pub const VERSION_BYTES_MAX: usize = 128;

/// The longest address of an event, in bytes: an id, a component and an event.
pub const ADDRESS_BYTES_MAX: usize = 3 * NAME_BYTES_MAX + 2;

/// The most components of a plugin.
pub const COMPONENTS_MAX: usize = 64;

/// The most parameters of a component, groups counted with all their members.
pub const PARAMS_MAX: usize = 1024;

/// The most labels of a parameter.
pub const CHOICES_MAX: usize = 256;

/// The slowest smoothing of a parameter, in milliseconds: a minute is a fade, not a smoothing.
pub const SMOOTH_MS_MAX: f64 = 60_000.0;

/// The most settings of a component.
pub const SETTINGS_MAX: usize = 64;

/// The most bytes of a text setting, or of one entry of a list.
pub const SETTING_BYTES_MAX: u32 = 64 * 1024;

/// The most entries of a list setting.
pub const SETTING_ITEMS_MAX: u32 = 4096;

/// The most outputs of a processor.
pub const OUTPUTS_MAX: usize = 64;

/// The most events of a component, published or subscribed to.
pub const EVENTS_MAX: usize = 64;

/// The most features or readings of a component.
pub const READINGS_MAX: usize = 256;

/// The most layouts, or pairs of them, that a component names.
pub const LAYOUTS_MAX: usize = 64;

/// The most plugins that one plugin requires, and the most that it replaces.
pub const REQUIRES_MAX: usize = 64;

/// The longest latency, tail or hop, in seconds.
pub const SPAN_SECONDS_MAX: f64 = 3600.0;

/// The longest latency, tail or hop, in frames: `SPAN_SECONDS_MAX` at the highest sample rate.
pub const SPAN_FRAMES_MAX: u32 = 3600 * 768_000;
