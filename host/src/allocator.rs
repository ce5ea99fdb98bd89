//! Allocator: the system's, with every call counted for the thread that makes it.
//!
//! In: what the executable takes and gives back. Out: the counts that `loading::meter` keeps; in a
//! debug build the end of the process when the audio thread is inside `process`.

use std::alloc::{GlobalAlloc, Layout, System};

use segue::loading::meter;
use segue::process::calls;

/// The system's allocator, counted.
pub(crate) struct Counting;

// SAFETY: every call goes on to `System` with the arguments it came with; what is done besides
// neither allocates nor unwinds: it adds to thread-locals with constant initial values.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        refuse_in_real_time();
        meter::count_allocation(layout.size());
        // SAFETY: the caller's promises about `layout` are passed on as they are.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        refuse_in_real_time();
        meter::count_allocation(layout.size());
        // SAFETY: the caller's promises about `layout` are passed on as they are.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // A plugin that calls `exit` has the thread-locals of this thread dropped, which is not
        // the host's doing; a host function that a plugin calls takes memory before it frees some.
        if calls::now().is_none() {
            refuse_in_real_time();
        }
        meter::count_free(layout.size());
        // SAFETY: the pointer came from `System`, as all of this allocator's do, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        refuse_in_real_time();
        meter::count_free(layout.size());
        meter::count_allocation(size);
        // SAFETY: the pointer came from `System` with this layout, and the caller's promises about
        // `size` are passed on as they are.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// In a debug build the audio thread must not touch the heap: a test that makes it do so ends here,
/// with the place in the core file or debugger. A release build counts, and the report tells.
#[inline]
fn refuse_in_real_time() {
    #[cfg(debug_assertions)]
    if meter::is_real_time() {
        // Written as it is: formatting, or taking the lock of standard error, may allocate.
        let message = b"segue: the audio thread touched the heap inside `process`\n";
        let _ = segue::system::streams::write(segue::process::standard::error(), message);
        std::process::abort();
    }
}
