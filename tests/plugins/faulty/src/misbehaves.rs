//! Misbehaves: a processor that breaks one promise, from one frame on.

use segue_plugin::prelude::*;

/// Which promise it breaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Choices)]
enum How {
    #[default]
    Behaves,
    Faults,
    NotANumber,
    Infinite,
    RoundsTowardZero,
    Allocates,
    Floods,
}

/// Doubles the signal until it breaks a promise.
#[derive(Params)]
pub(crate) struct Misbehaves {
    /// What it does.
    #[param(default = How::Behaves)]
    how: How,
    /// The first frame of the stream whose block it happens in.
    #[param(unit = "frames", range = 0.0..=1e9, default = 0.0)]
    from_frame: f64,
}

impl AudioProcessor for Misbehaves {
    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.map(|_, sample| sample * 2.0);
        let end = context.position_frames() + context.frames() as u64;
        if end as f64 <= self.from_frame {
            return Ok(Status::Continue);
        }
        let last = audio.frames() - 1;
        match self.how {
            How::Behaves => {}
            How::Faults => return Err(Fault::new(42, "it does not feel like it")),
            How::NotANumber => audio.output(0)[last] = f32::NAN,
            How::Infinite => audio.output(0)[last] = f32::NEG_INFINITY,
            How::RoundsTowardZero => round_toward_zero(),
            How::Allocates => drop(std::hint::black_box(Box::new([0u8; 64]))),
            How::Floods => (0..2_000).for_each(|note| context.note("one of many", f64::from(note))),
        }
        Ok(Status::Continue)
    }
}

/// Changes the rounding mode of this thread and leaves it so.
#[cfg(target_arch = "x86_64")]
pub(crate) fn round_toward_zero() {
    let mut mode = 0u32;
    // SAFETY: stores the control register into a local variable.
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut mode) };
    mode |= 0b11 << 13;
    // SAFETY: sets the two bits of the rounding mode, which are valid in every combination; that
    // the compiler does not expect it is the fault this plugin is here to commit.
    unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const mode) };
}

/// Changes the rounding mode of this thread and leaves it so.
#[cfg(target_arch = "aarch64")]
pub(crate) fn round_toward_zero() {
    let mut mode: u64;
    // SAFETY: reads the control register.
    unsafe { std::arch::asm!("mrs {}, fpcr", out(reg) mode) };
    mode |= 0b11 << 22;
    // SAFETY: sets the two bits of the rounding mode, which are valid in every combination; that
    // the compiler does not expect it is the fault this plugin is here to commit.
    unsafe { std::arch::asm!("msr fpcr, {}", in(reg) mode) };
}
