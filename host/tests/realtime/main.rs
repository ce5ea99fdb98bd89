//! The audio thread neither allocates, frees nor blocks, in host and plugins.
//!
//! Three witnesses: the counting allocators of the libraries and of this executable, a contention
//! run in which another thread holds every lock of the host, and, under `--cfg rtsan`,
//! RealtimeSanitizer, which stops the process at the first such call. `.ci/realtime` runs this
//! file plainly, and under the sanitizer with plugins that are instrumented and with plugins that
//! are not. Each witness is shown to speak up when its violation is planted.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, where a failure is a panic"
)]

mod changes;
mod rig;
mod session;

use std::alloc::{GlobalAlloc, System};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use segue::loading::{meter, with_all_locks};
use segue::pipeline::{Departure, Engine, StageEventKind};

use rig::{BLOCKS, Deed, engine, failing, heap_calls, hosted, planted, run};

/// Set in the process that commits a planted violation.
const PLANTED: &str = "SEGUE_PLANTED_VIOLATION";

struct Counting;

#[expect(unsafe_code, reason = "counts what this executable allocates")]
// SAFETY: every call goes to `System` with the arguments it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: std::alloc::Layout) -> *mut u8 {
        meter::count_allocation(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`, which is `System`'s.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: std::alloc::Layout) {
        meter::count_free(layout.size());
        // SAFETY: the caller got `pointer` from this allocator, and so from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The reference processors with every kind of work switched on.
fn reference() -> Engine {
    let bands = [
        ("band.1.type", 1.0),
        ("band.1.frequency_hz", 80.0),
        ("band.2.type", 5.0),
        ("band.2.frequency_hz", 3_000.0),
        ("band.2.gain_db", 3.0),
    ];
    engine(vec![
        hosted("libsegue_filters.so", &bands),
        hosted("libsegue_gain.so", &[("gain_db", -6.0)]),
        hosted("libsegue_dynamics.so:compressor", &[("link", 0.5)]),
        hosted("libsegue_dynamics.so:gate", &[]),
        hosted("libsegue_dynamics.so:limiter", &[("ceiling_dbtp", -9.0)]),
        planted(Deed::Nothing),
    ])
}

#[test]
fn no_heap_call_happens_on_the_audio_thread() {
    let mut engine = reference();
    assert_eq!(run(&mut engine), 0);
    assert!(heap_calls(&engine).iter().all(|calls| *calls == 0));
}

/// Processors that work in frames or hold a past: their first call is on another thread than the
/// one they were activated on, as a thread's own storage would allocate there.
#[test]
fn no_heap_call_happens_on_a_thread_that_is_new_to_a_library() {
    let mut engine = engine(vec![
        hosted("libsegue_denoise.so", &[("mix", 0.8)]),
        hosted(
            "libsegue_delay.so",
            &[("delay_ms", 20.0), ("feedback", 0.5)],
        ),
    ]);
    let audio = std::thread::spawn(move || {
        let calls = run(&mut engine);
        (calls, heap_calls(&engine))
    });
    assert_eq!(audio.join().unwrap(), (0, vec![0, 0]));
}

#[test]
fn no_heap_call_happens_while_stages_fail_and_come_back() {
    let mut live = failing();
    assert_eq!(live.run(BLOCKS), 0);
    let left: Vec<_> = std::iter::from_fn(|| live.rings.receive()).collect();
    let events: Vec<_> = left.iter().filter_map(changes::stage_event).collect();
    let count = |is: fn(&StageEventKind) -> bool| events.iter().filter(|event| is(event)).count();
    assert_eq!(count(|kind| matches!(kind, StageEventKind::Failed(_))), 5);
    assert_eq!(
        count(|kind| matches!(kind, StageEventKind::CandidateFailed(_))),
        3
    );
    assert_eq!(count(|kind| matches!(kind, StageEventKind::Returned)), 2);
    assert_eq!(
        count(|kind| matches!(kind, StageEventKind::FallbackFailed(_))),
        1
    );
    let instances = left.into_iter().flat_map(Departure::into_processors);
    // Five that were heard and a fallback, each sent away as it failed; three candidates.
    assert_eq!(instances.count(), 9);
}

#[test]
fn a_planted_allocation_is_counted_and_charged_to_its_stage() {
    if cfg!(rtsan) {
        return; // There it ends the process: see `the_sanitizer_stops_a_planted_allocation`.
    }
    let mut engine = engine(vec![planted(Deed::Nothing), planted(Deed::Allocate)]);
    assert_eq!(run(&mut engine), 2 * BLOCKS as u64);
    assert_eq!(heap_calls(&engine), [0, 2 * BLOCKS as u64]);
}

/// Does something on a thread while another one holds every lock of the host; returns whether it
/// came to its end before they were released.
fn ends_while_locks_are_held<R: Send + 'static>(deed: impl FnOnce() -> R + Send + 'static) -> bool {
    let done = Arc::new(AtomicBool::new(false));
    let (began, beginning) = mpsc::channel();
    let (ended, end) = mpsc::channel();
    let (ended_before_release, audio) = with_all_locks(|| {
        let flag = Arc::clone(&done);
        let audio = std::thread::spawn(move || {
            began.send(()).unwrap();
            let kept = deed();
            flag.store(true, Ordering::SeqCst);
            ended.send(()).unwrap();
            kept
        });
        beginning.recv().unwrap();
        // An engine that waits for a lock waits here too: until the deadline of the test.
        let in_time = end.recv_timeout(Duration::from_secs(5)).is_ok();
        (in_time && done.load(Ordering::SeqCst), audio)
    });
    drop(audio.join().unwrap());
    ended_before_release
}

#[test]
fn no_lock_of_the_host_is_waited_for() {
    let (mut engine, mut live) = (reference(), failing());
    assert!(ends_while_locks_are_held(move || {
        let calls = run(&mut engine) + live.run(BLOCKS);
        (calls, engine, live)
    }));
}

#[test]
fn a_planted_lock_is_waited_for() {
    if cfg!(rtsan) {
        return; // An uncontended lock is no call; a contended one ends the process there.
    }
    let mut engine = engine(vec![planted(Deed::Lock)]);
    assert!(!ends_while_locks_are_held(move || {
        run(&mut engine);
        engine
    }));
}

/// Not a test by itself: the process in which the next test plants its violation.
#[test]
fn commit_the_planted_violation() {
    let deed = match std::env::var(PLANTED).as_deref() {
        Ok("process") => {
            run(&mut engine(vec![planted(Deed::Allocate)]));
            return;
        }
        Ok("shadow") => Deed::Allocate,
        Ok("save") => Deed::AllocateSaving,
        Ok("load") => Deed::AllocateLoading,
        Ok(_) | Err(_) => return,
    };
    changes::planted_swap(deed).run(BLOCKS);
}

#[test]
fn the_sanitizer_stops_a_planted_allocation() {
    if !cfg!(rtsan) {
        return;
    }
    for violation in ["process", "shadow", "save", "load"] {
        let executable = std::env::current_exe().unwrap();
        let output = Command::new(executable)
            .args(["--exact", "commit_the_planted_violation", "--nocapture"])
            .env(PLANTED, violation)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{violation}: {said}");
        assert!(
            said.contains("RealtimeSanitizer: unsafe-library-call"),
            "{violation}: {said}"
        );
    }
}
