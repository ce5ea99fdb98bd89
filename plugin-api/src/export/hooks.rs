//! Hooks: the host's functions, given once to each library.
//!
//! Before they are given, as in an author's tests, everything here does nothing.

use std::fmt::Write;
use std::panic::PanicHookInfo;
use std::sync::OnceLock;

use abi_stable::std_types::{RSliceMut, RStr};

use crate::abi::host::{RawHeapCall, RawHooksRef, RawLog};
use crate::abi::status::{RawCode, RawStatus};
use crate::export::guard::PANIC_TEXT_BYTES;
use crate::export::log;

#[derive(Clone, Copy)]
struct Attached {
    hooks: RawHooksRef,
    token: u64,
}

static ATTACHED: OnceLock<Attached> = OnceLock::new();

/// Keeps the host's functions, and leads logs and panics to them.
pub(super) fn attach(hooks: RawHooksRef, token: u64) -> RawStatus {
    if ATTACHED.set(Attached { hooks, token }).is_err() {
        return RawStatus::err(RawCode::WRONG_STATE);
    }
    std::panic::set_hook(Box::new(panicked));
    log::install();
    RawStatus::OK
}

/// Reports one heap call. Real-time safe: one load and one call.
#[inline]
pub(super) fn heap(call: RawHeapCall, bytes: usize) {
    if let Some(attached) = ATTACHED.get() {
        attached.hooks.heap()(call, bytes);
    }
}

/// Whether this thread is inside `process`.
pub(super) fn is_real_time() -> bool {
    ATTACHED
        .get()
        .is_some_and(|attached| attached.hooks.real_time()() != 0)
}

/// The most verbose level the host's log takes.
pub(super) fn log_level() -> u32 {
    ATTACHED
        .get()
        .map_or(0, |attached| attached.hooks.log_level()(attached.token))
}

/// Writes a line to the host's log.
pub(super) fn log(line: &RawLog<'_>) {
    if let Some(attached) = ATTACHED.get() {
        attached.hooks.log()(attached.token, line);
    }
}

/// Counts a line that `process` tried to write.
pub(super) fn log_dropped() {
    if let Some(attached) = ATTACHED.get() {
        attached.hooks.log_dropped()(attached.token);
    }
}

/// Moves the text of this thread's last panic into `into`; returns its bytes.
pub(super) fn take_panic(into: &mut [u8]) -> usize {
    ATTACHED.get().map_or(0, |attached| {
        attached.hooks.take_panic()(RSliceMut::from_mut_slice(into)) as usize
    })
}

/// The panic hook: formats into a buffer on the stack, where the standard one would allocate.
fn panicked(info: &PanicHookInfo<'_>) {
    let mut text = Fixed {
        bytes: [0; PANIC_TEXT_BYTES],
        len: 0,
    };
    let message = info
        .payload_as_str()
        .unwrap_or("a payload that is not text");
    // A full buffer is no reason to fail: what fits is kept.
    let _ = match info.location() {
        Some(at) => write!(text, "{message} ({}:{})", at.file(), at.line()),
        None => text.write_str(message),
    };
    if let Some(attached) = ATTACHED.get() {
        attached.hooks.panicked()(attached.token, RStr::from_str(text.as_str()));
    }
}

struct Fixed {
    bytes: [u8; PANIC_TEXT_BYTES],
    len: usize,
}

impl Fixed {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl Write for Fixed {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = self.bytes.len() - self.len;
        let bytes = text.floor_char_boundary(room);
        self.bytes[self.len..self.len + bytes].copy_from_slice(&text.as_bytes()[..bytes]);
        self.len += bytes;
        Ok(())
    }
}
