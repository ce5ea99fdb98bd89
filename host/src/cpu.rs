//! Cpu: the floating-point mode that every call of `process` runs under.
//!
//! In: whatever mode the thread has. Out: denormals flushed, rounding to nearest, while a guard
//! lives; and the answer whether a plugin changed it. Rust assumes the default mode, so it is set
//! and read by inline assembly around foreign calls only, and host arithmetic between them is
//! written so that either mode gives the same samples.

#[cfg(target_arch = "x86_64")]
mod register {
    use std::arch::asm;

    /// Flags of past exceptions: every calculation may set them, they are no change of mode.
    const EXCEPTION_FLAGS: u64 = 0x3f;

    /// All exceptions masked, rounding to nearest, denormals flushed on both sides
    /// (Intel SDM volume 1, 10.2.3: bits 15 and 6).
    pub(super) const MODE: u64 = 0x9fc0;

    pub(super) fn read() -> u64 {
        let mut value = 0u32;
        // SAFETY: stores the control register of this thread into a variable of ours.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut value, options(nostack)) };
        u64::from(value) & !EXCEPTION_FLAGS
    }

    pub(super) fn write(mode: u64) {
        let value = mode as u32;
        // SAFETY: loads a valid mode: reserved bits are zero in `MODE` and in what `read` gave.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const value, options(nostack, readonly)) };
    }
}

#[cfg(target_arch = "aarch64")]
mod register {
    use std::arch::asm;

    /// Denormals flushed, rounding to nearest (Arm ARM, FPCR: FZ is bit 24).
    pub(super) const MODE: u64 = 1 << 24;

    pub(super) fn read() -> u64 {
        let value: u64;
        // SAFETY: reads the control register of this thread.
        unsafe { asm!("mrs {}, fpcr", out(reg) value, options(nomem, nostack)) };
        value
    }

    pub(super) fn write(mode: u64) {
        // SAFETY: writes a valid mode of this thread.
        unsafe { asm!("msr fpcr, {}", in(reg) mode, options(nomem, nostack)) };
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod register {
    pub(super) const MODE: u64 = 0;

    pub(super) fn read() -> u64 {
        MODE
    }

    pub(super) fn write(_: u64) {}
}

/// The mode of `process`, until it is dropped; then what was before.
#[derive(Debug)]
pub struct FloatMode {
    before: u64,
    /// What the register reads as in this mode: an emulator (Valgrind) does not keep every bit.
    inside: u64,
}

impl FloatMode {
    /// Sets the mode of this thread. Real-time safe.
    #[must_use]
    pub fn enter() -> Self {
        let before = register::read();
        register::write(register::MODE);
        let inside = register::read();
        Self { before, inside }
    }

    /// Whether somebody changed it, and sets it again if so. Real-time safe, about a nanosecond.
    #[inline]
    #[must_use]
    pub fn was_changed(&self) -> bool {
        let changed = register::read() != self.inside;
        if changed {
            register::write(register::MODE);
        }
        changed
    }
}

impl Drop for FloatMode {
    fn drop(&mut self) {
        register::write(self.before);
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    fn denormals_are_flushed_inside_and_only_there() {
        let half = || black_box(f32::MIN_POSITIVE) / black_box(2.0);
        {
            let mode = FloatMode::enter();
            assert_eq!(half().to_bits(), 0);
            assert!(!mode.was_changed());
        }
        assert_ne!(half().to_bits(), 0);
    }

    #[test]
    fn a_change_is_noticed_once_and_undone() {
        let mode = FloatMode::enter();
        register::write(0x1f80);
        assert!(mode.was_changed() || cfg!(not(target_arch = "x86_64")));
        assert!(!mode.was_changed());
    }
}
