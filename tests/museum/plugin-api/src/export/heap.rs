//! Heap: an allocator that counts, one in each library.
//!
//! In: the calls of everything in the library. Out: totals, and a report of each call to the
//! host, which knows whose call to `process` it happened in. Uses no thread-local: in a library
//! opened at run time its first touch would allocate.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::abi::host::RawHeapCall;
use crate::abi::setup::RawHeap;
use crate::export::hooks;

static LIVE_BYTES: AtomicU64 = AtomicU64::new(0);
static PEAK_BYTES: AtomicU64 = AtomicU64::new(0);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static FREES: AtomicU64 = AtomicU64::new(0);

/// The system's allocator, counted. `export!` installs it unless told otherwise.
#[derive(Debug)]
pub struct Meter;

/// What the counters say now; not one moment's picture when other threads allocate meanwhile.
pub(super) fn read() -> RawHeap {
    RawHeap {
        live_bytes: LIVE_BYTES.load(Ordering::Relaxed),
        peak_bytes: PEAK_BYTES.load(Ordering::Relaxed),
        allocations: ALLOCATIONS.load(Ordering::Relaxed),
        frees: FREES.load(Ordering::Relaxed),
    }
}

fn taken(bytes: usize) {
    let live = LIVE_BYTES.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
    PEAK_BYTES.fetch_max(live, Ordering::Relaxed);
    ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    hooks::heap(RawHeapCall::ALLOCATE, bytes);
}

fn given_back(bytes: usize) {
    LIVE_BYTES.fetch_sub(bytes as u64, Ordering::Relaxed);
    FREES.fetch_add(1, Ordering::Relaxed);
    hooks::heap(RawHeapCall::FREE, bytes);
}

// SAFETY: every call goes to `System` with the arguments it came with; counting touches neither.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`, which is `System`'s.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        given_back(layout.size());
        // SAFETY: the caller got `pointer` from this allocator, and so from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        given_back(layout.size());
        taken(size);
        // SAFETY: the caller got `pointer` from this allocator, and so from `System`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
