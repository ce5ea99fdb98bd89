//! Limits: how much a configuration may hold. Each is checked before what it bounds is used.

use std::time::Duration;

/// The largest file, in bytes. A thousand stages with all their keys fit in half of it.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;

/// The most stages. The host's own cost is measured up to here.
pub const STAGES_MAX: usize = 1_000;

/// The most taps. Each holds a ring of audio of its own.
pub const TAPS_MAX: usize = 256;

/// The most decisions. Each is asked at every decision frame.
pub const DECIDES_MAX: usize = 64;

/// The most parameters of one component in a file, members of groups counted one by one.
pub const PARAMS_MAX: usize = 1_024;

/// The most settings of one component in a file.
pub const SETTINGS_MAX: usize = 64;

/// The most bytes of a text: paths, labels, settings. It is what Linux allows for a path.
pub const TEXT_BYTES_MAX: usize = 4_096;

/// The most entries of a list of paths.
pub const PATHS_MAX: usize = 256;

/// The most entries of a list of names (`after`, `reads`) or of a list in `settings`.
pub const NAMES_MAX: usize = 256;

/// The most sidechains of one stage; the wire's own bound is 255.
pub const SIDECHAINS_MAX: usize = 255;

/// The most plugins that `[plugins.require]` may name.
pub const REQUIRE_MAX: usize = 1_000;

/// The most values that flags and environment together may override.
pub const OVERRIDES_MAX: usize = 1_000;

/// The longest block, in frames: at 48 kHz more than a second, past which nothing gets faster.
pub const BLOCK_FRAMES_MAX: i64 = 65_536;

/// The highest sample rate, in Hz.
pub const SAMPLE_RATE_HZ_MAX: i64 = 768_000;

/// The most worker threads. More than any machine this will meet has cores.
pub const THREADS_MAX: i64 = 1_024;

/// The longest distance between two decisions, in frames: a minute at the highest rate.
pub const DECIDE_EVERY_FRAMES_MAX: i64 = 60 * SAMPLE_RATE_HZ_MAX;

/// The largest reserve of latency, in frames: ten seconds at 192 kHz.
pub const LATENCY_RESERVE_FRAMES_MAX: i64 = 10 * 192_000;

/// The longest cross-fade of a swap. Past it one hears two processors, not a transition.
pub const FADE_MAX: Duration = Duration::from_secs(10);

/// The longest time that what was heard before stays at hand: nobody goes back further unasked.
pub const ROLLBACK_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The most mistakes that are kept; the rest is counted. Nobody reads more in one go.
pub const MISTAKES_MAX: usize = 100;
