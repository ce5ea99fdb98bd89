//! Guard: a panic stays inside the plugin.
//!
//! In: an author's instance. Out: the same, called through `catch_unwind`, create and drop
//! included. After a panic the instance is poisoned: it says so and is not called again.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::abi::status::{RawCode, RawStatus};
use crate::export::hooks;
use crate::fault::{Fault, Refusal};

/// The bytes kept of a panic's text.
pub(super) const PANIC_TEXT_BYTES: usize = 256;

/// The text of a panic in a fixed buffer, so that keeping it allocates nothing.
#[derive(Clone, Copy)]
pub(super) struct PanicText {
    bytes: [u8; PANIC_TEXT_BYTES],
    len: usize,
}

impl PanicText {
    const EMPTY: Self = Self {
        bytes: [0; PANIC_TEXT_BYTES],
        len: 0,
    };

    fn take() -> Self {
        let mut text = Self::EMPTY;
        text.len = hooks::take_panic(&mut text.bytes).min(PANIC_TEXT_BYTES);
        text
    }

    fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes[..self.len]).into_owned();
        if text.is_empty() {
            "panicked".to_owned()
        } else {
            format!("panicked: {text}")
        }
    }
}

/// There was a panic; its text waits in [`PanicText::take`].
#[derive(Debug)]
pub(super) struct Panicked;

/// Runs `body`; a panic is caught, and its payload forgotten, since dropping it may panic too.
#[inline]
pub(super) fn catch<R>(body: impl FnOnce() -> R) -> Result<R, Panicked> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| {
        std::mem::forget(payload);
        Panicked
    })
}

/// As `catch`, for what may refuse.
pub(super) fn catch_refusal<R>(body: impl FnOnce() -> Result<R, Refusal>) -> Result<R, Refusal> {
    catch(body)
        .unwrap_or_else(|Panicked| Err(Refusal::with(RawCode::POISONED, PanicText::take().text())))
}

#[derive(Clone, Copy)]
enum Trouble {
    None,
    Fault(Fault),
    Panicked,
}

/// An author's instance behind the guard.
pub(super) struct Guarded<T> {
    trouble: Cell<Trouble>,
    inner: ManuallyDrop<T>,
    panic_text: Cell<PanicText>,
}

impl<T> Guarded<T> {
    pub(super) fn new(inner: T) -> Self {
        Self {
            inner: ManuallyDrop::new(inner),
            trouble: Cell::new(Trouble::None),
            panic_text: Cell::new(PanicText::EMPTY),
        }
    }

    /// A call of the audio thread: returns a code.
    #[inline]
    pub(super) fn call<R>(
        &mut self,
        body: impl FnOnce(&mut T) -> Result<R, Fault>,
    ) -> Result<R, RawStatus> {
        if self.is_poisoned() {
            return Err(RawStatus::err(RawCode::POISONED));
        }
        let inner = &mut *self.inner;
        match catch(|| body(inner)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(fault)) => {
                self.trouble.set(Trouble::Fault(fault));
                Err(fault.status())
            }
            Err(Panicked) => Err(self.poison()),
        }
    }

    /// As `call`, for methods that only look.
    pub(super) fn look<R>(
        &self,
        body: impl FnOnce(&T) -> Result<R, Fault>,
    ) -> Result<R, RawStatus> {
        if self.is_poisoned() {
            return Err(RawStatus::err(RawCode::POISONED));
        }
        match catch(|| body(&self.inner)) {
            Ok(answer) => answer.map_err(Fault::status),
            Err(Panicked) => Err(self.poison()),
        }
    }

    /// A call away from the audio thread: may refuse at length.
    pub(super) fn act<R>(
        &mut self,
        body: impl FnOnce(&mut T) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        if self.is_poisoned() {
            return Err(Refusal::with(RawCode::POISONED, self.fault_text()));
        }
        let inner = &mut *self.inner;
        catch(|| body(inner)).unwrap_or_else(|Panicked| {
            self.poison();
            Err(Refusal::with(RawCode::POISONED, self.fault_text()))
        })
    }

    /// As `act`, for methods that only look.
    pub(super) fn consult<R>(
        &self,
        body: impl FnOnce(&T) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        if self.is_poisoned() {
            return Err(Refusal::with(RawCode::POISONED, self.fault_text()));
        }
        catch(|| body(&self.inner)).unwrap_or_else(|Panicked| {
            self.poison();
            Err(Refusal::with(RawCode::POISONED, self.fault_text()))
        })
    }

    /// What the last failure said.
    pub(super) fn fault_text(&self) -> String {
        match self.trouble.get() {
            Trouble::None => String::new(),
            Trouble::Fault(fault) => fault.text.to_owned(),
            Trouble::Panicked => self.panic_text.get().text(),
        }
    }

    #[inline]
    fn is_poisoned(&self) -> bool {
        matches!(self.trouble.get(), Trouble::Panicked)
    }

    #[cold]
    fn poison(&self) -> RawStatus {
        self.panic_text.set(PanicText::take());
        self.trouble.set(Trouble::Panicked);
        RawStatus::err(RawCode::POISONED)
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        // A panic in the author's drop is counted by the hook; there is nobody left to tell here.
        let _ = catch(|| {
            // SAFETY: `inner` is dropped here and nowhere else, and never used afterwards.
            unsafe { ManuallyDrop::drop(&mut self.inner) }
        });
    }
}

/// A code from the answer of a guarded call without a value.
pub(super) fn status(answer: Result<(), RawStatus>) -> RawStatus {
    match answer {
        Ok(()) => RawStatus::OK,
        Err(status) => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }

    #[test]
    fn a_panic_poisons_and_the_instance_is_not_called_again() {
        let mut guarded = Guarded::new(0u32);
        let first: Result<(), _> = guarded.call(|_| panic!("boom"));
        assert_eq!(first.unwrap_err().code, RawCode::POISONED);
        let mut called = false;
        let second: Result<(), _> = guarded.call(|_| {
            called = true;
            Ok(())
        });
        assert_eq!(second.unwrap_err().code, RawCode::POISONED);
        assert!(!called);
        assert!(guarded.fault_text().starts_with("panicked"));
    }

    #[test]
    fn a_fault_does_not_poison() {
        let mut guarded = Guarded::new(0u32);
        let fault: Result<(), _> = guarded.call(|_| Err(Fault::new(9, "no signal")));
        assert_eq!(fault.unwrap_err().detail, 9);
        assert_eq!(guarded.fault_text(), "no signal");
        assert_eq!(guarded.call(|value| Ok(*value)), Ok(0));
    }

    #[test]
    fn a_panic_in_drop_stays_inside() {
        drop(Guarded::new(Bomb));
    }

    #[test]
    fn a_payload_whose_drop_panics_is_forgotten() {
        let caught = catch(|| std::panic::panic_any(Bomb));
        assert!(caught.is_err());
    }
}
