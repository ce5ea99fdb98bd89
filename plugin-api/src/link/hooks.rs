//! Hooks: the functions that a host gives to each library it opens.

use std::panic::{AssertUnwindSafe, catch_unwind};

use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::std_types::{RSliceMut, RStr};

use crate::abi::host::{RawHeapCall, RawHooks, RawHooksRef, RawLog};
use crate::link::library::bounded;

/// What libraries may call at any time, from any thread. `token` names the library.
///
/// Whatever panics here is caught and forgotten: it must not reach the plugin's frames.
pub trait Hooks: 'static {
    /// Memory was taken on a plugin's heap. Real-time safe.
    fn allocated(bytes: usize);
    /// Memory was given back on a plugin's heap. Real-time safe.
    fn freed(bytes: usize);
    /// Whether this thread is inside `process`. Real-time safe.
    fn is_real_time() -> bool;
    /// The most verbose level wanted: 0 none, 1 error, to 5 trace.
    fn log_level(token: u64) -> u32;
    /// A line of a plugin's log.
    fn log(token: u64, level: u32, target: &str, text: &str);
    /// A line was dropped because it came from `process`. Real-time safe.
    fn log_dropped(token: u64);
    /// A panic inside the library, about to be caught there. Does not allocate.
    fn panicked(token: u64, text: &str);
    /// Moves the text of this thread's last panic into the buffer; returns its bytes.
    fn take_panic(into: &mut [u8]) -> usize;
}

/// The table of these functions, made once and kept for the life of the process.
pub(super) fn table<H: Hooks>() -> RawHooksRef {
    RawHooks {
        heap: heap::<H>,
        real_time: real_time::<H>,
        log_level: log_level::<H>,
        log: log::<H>,
        log_dropped: log_dropped::<H>,
        panicked: panicked::<H>,
        take_panic: take_panic::<H>,
    }
    .leak_into_prefix()
}

fn guarded<R>(fallback: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        std::mem::forget(payload);
        fallback
    })
}

extern "C" fn heap<H: Hooks>(call: RawHeapCall, bytes: usize) {
    guarded((), || match call {
        RawHeapCall::ALLOCATE => H::allocated(bytes),
        RawHeapCall::FREE => H::freed(bytes),
        _ => {}
    });
}

extern "C" fn real_time<H: Hooks>() -> u32 {
    guarded(0, || u32::from(H::is_real_time()))
}

extern "C" fn log_level<H: Hooks>(token: u64) -> u32 {
    guarded(0, || H::log_level(token))
}

extern "C" fn log<H: Hooks>(token: u64, log: &RawLog<'_>) {
    guarded((), || {
        H::log(
            token,
            log.level,
            &bounded(log.target.as_str()),
            &bounded(log.text.as_str()),
        );
    });
}

extern "C" fn log_dropped<H: Hooks>(token: u64) {
    guarded((), || H::log_dropped(token));
}

extern "C" fn panicked<H: Hooks>(token: u64, text: RStr<'_>) {
    guarded((), || H::panicked(token, text.as_str()));
}

extern "C" fn take_panic<H: Hooks>(mut into: RSliceMut<'_, u8>) -> u32 {
    guarded(0, || H::take_panic(into.as_mut_slice()) as u32)
}
