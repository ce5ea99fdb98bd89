//! Pool: the few threads on which the taps and decisions of all sessions of the process are at work.
//!
//! In: tasks that have something to do. Out: each of them run, by one thread at a time. A task may
//! never come back, since taps and decisions are foreign code: a thread that has been in one for too
//! long no longer counts, and another takes its place, up to a bound.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::cpu::FloatMode;
use crate::threads::prepare_to_wait;

/// The most threads that take turns, on a machine of many processors.
const THREADS_AT_WORK_MAX: usize = 16;

/// The most threads in all: so many tasks may hang beside those that come back.
const THREADS_MAX: usize = 64;

/// How long a thread may be in one task before it no longer counts: the others that wait for it hear
/// nothing for so long.
const STUCK_AFTER: Duration = Duration::from_millis(200);

/// How long a thread without a task stays.
const IDLE_FOR: Duration = Duration::from_secs(10);

/// Work that comes in pieces, for one thread at a time.
pub(super) trait Task: Send + Sync {
    /// Does a piece of what there is to do; returns whether there is more. Foreign code runs in it.
    fn run(&self) -> Remaining;
}

/// Whether a task has more to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remaining {
    /// It is to be run again, after those that wait.
    More,
    /// It comes again by itself.
    Nothing,
}

/// Threads that take turns at tasks.
pub(super) struct Pool {
    /// How many threads take turns while none is stuck.
    at_work: usize,
    threads: Mutex<Threads>,
    wake: Condvar,
}

#[derive(Default)]
struct Threads {
    waiting: VecDeque<Arc<dyn Task>>,
    /// Every thread by its number; since when it is in a task, or `None` while it has none.
    busy_since: Vec<(u64, Option<Instant>)>,
    last_number: u64,
}

/// That of this process.
pub(super) fn shared() -> &'static Arc<Pool> {
    static SHARED: LazyLock<Arc<Pool>> = LazyLock::new(|| {
        let processors = thread::available_parallelism().map_or(2, NonZeroUsize::get);
        Arc::new(Pool::new(processors.clamp(2, THREADS_AT_WORK_MAX)))
    });
    &SHARED
}

impl Pool {
    fn new(at_work: usize) -> Self {
        Self {
            at_work,
            threads: Mutex::default(),
            wake: Condvar::new(),
        }
    }

    /// Has a task run. Whoever waits for it calls [`look`](Self::look) now and then.
    pub(super) fn add(self: &Arc<Self>, task: Arc<dyn Task>) {
        self.lock().waiting.push_back(task);
        self.wake.notify_one();
        self.look();
    }

    /// Starts a thread where a task waits and too few are there for it; returns whether there is
    /// one that is not stuck.
    pub(super) fn look(self: &Arc<Self>) -> bool {
        let mut threads = self.lock();
        let (counted, all) = (threads.counted(), threads.busy_since.len());
        let idle = threads.busy_since.iter();
        let idle = idle.filter(|(_, since)| since.is_none()).count();
        let is_wanted = counted == 0 || threads.waiting.len() > idle;
        if !is_wanted || counted >= self.at_work || all >= THREADS_MAX {
            return counted > 0;
        }
        threads.last_number += 1;
        let number = threads.last_number;
        let pool = Arc::clone(self);
        let spawned = thread::Builder::new()
            .name("observers".to_owned())
            .spawn(move || {
                prepare_to_wait();
                pool.work(number);
            });
        if spawned.is_ok() {
            threads.busy_since.push((number, None));
        }
        counted > 0 || spawned.is_ok()
    }

    /// A thread: takes tasks until there are none for a while, or enough others take them.
    fn work(&self, number: u64) {
        let _mode = FloatMode::enter();
        while let Some(task) = self.next(number) {
            // What panics is not run again: whoever waits for it hears that it is gone.
            let left = catch_unwind(AssertUnwindSafe(|| task.run()));
            let mut threads = self.lock();
            if matches!(left, Ok(Remaining::More)) {
                threads.waiting.push_back(task);
            }
            threads.set(number, None);
            if threads.counted() > self.at_work {
                threads.remove(number);
                return;
            }
        }
    }

    /// The next task for a thread; where there is none for a while the thread is not counted any
    /// more.
    fn next(&self, number: u64) -> Option<Arc<dyn Task>> {
        let has_none = |threads: &mut Threads| threads.waiting.is_empty();
        let waited = self
            .wake
            .wait_timeout_while(self.lock(), IDLE_FOR, has_none);
        let (mut threads, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let task = threads.waiting.pop_front();
        match task {
            Some(_) => threads.set(number, Some(Instant::now())),
            None => threads.remove(number),
        }
        task
    }

    fn lock(&self) -> MutexGuard<'_, Threads> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Threads {
    /// How many threads there are that are not stuck.
    fn counted(&self) -> usize {
        let is_there = |since: Option<Instant>| since.is_none_or(|one| one.elapsed() < STUCK_AFTER);
        let all = self.busy_since.iter();
        all.filter(|(_, since)| is_there(*since)).count()
    }

    fn remove(&mut self, number: u64) {
        self.busy_since.retain(|(own, _)| *own != number);
    }

    fn set(&mut self, number: u64, since: Option<Instant>) {
        let mut all = self.busy_since.iter_mut();
        if let Some(own) = all.find(|(own, _)| *own == number) {
            own.1 = since;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// One that waits until it may end, and says so.
    struct Waits {
        until: Mutex<Receiver<()>>,
        says: Sender<()>,
    }

    impl Task for Waits {
        fn run(&self) -> Remaining {
            let _ = self.until.lock().unwrap().recv();
            self.says.send(()).unwrap();
            Remaining::Nothing
        }
    }

    /// A task, what ends it, and where it says that it has ended.
    fn waits() -> (Arc<Waits>, Sender<()>, Receiver<()>) {
        let ((end, until), (says, said)) = (channel(), channel());
        let until = Mutex::new(until);
        (Arc::new(Waits { until, says }), end, said)
    }

    #[test]
    fn tasks_that_hang_do_not_keep_another_from_its_turn() {
        let pool = Arc::new(Pool::new(2));
        let hung: Vec<_> = (0..5).map(|_| waits()).collect();
        hung.iter()
            .for_each(|(task, ..)| pool.add(Arc::clone(task) as _));
        let (task, end, said) = waits();
        drop(end);
        pool.add(task);
        let began = Instant::now();
        while said.recv_timeout(Duration::from_millis(1)).is_err() {
            pool.look();
            assert!(began.elapsed().as_secs() < 60, "nobody takes its turn");
        }
        for (_, end, said) in hung {
            end.send(()).unwrap();
            said.recv().unwrap();
        }
    }

    #[test]
    fn no_more_threads_take_turns_than_there_are_to_be() {
        let pool = Arc::new(Pool::new(2));
        let all: Vec<_> = (0..64).map(|_| waits()).collect();
        for (task, end, _) in &all {
            end.send(()).unwrap();
            pool.add(Arc::clone(task) as _);
            let threads = pool.lock();
            assert!(threads.counted() <= 2 && threads.busy_since.len() <= THREADS_MAX);
        }
        for (.., said) in all {
            said.recv().unwrap();
        }
    }
}
