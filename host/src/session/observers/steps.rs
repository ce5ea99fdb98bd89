//! Steps: what the taps and decisions of one session have to do, in order.
//!
//! In: steps, from the session. Out: each of them done, by whichever thread of the pool has its turn.
//! One thread has them at a time; who ends the session is never the one that ends the instances.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::session::observers::SubscribedEvent;
use crate::session::observers::pool::{self, Remaining, Task};
use crate::session::observers::worker::Worker;

/// Steps in flight: the session waits when the observers are so far behind.
pub(super) const STEPS_MAX: usize = 64;

/// Steps that are done before the session lets others have the thread.
const STEPS_AT_ONCE: usize = 16;

/// One step.
pub(in crate::session) enum Step {
    /// Take events.
    Hear(Vec<SubscribedEvent>),
    /// Take chunks until so many are taken.
    Observe(u64),
    /// Take chunks, then decide at a frame; the outputs of stages as of now.
    Decide(u64, u64, Vec<Vec<f64>>),
    /// Take chunks and end.
    Finish(u64),
    /// End with what was taken.
    End,
}

/// The steps of a session, with who takes them.
pub(super) struct Steps {
    queue: Mutex<Queue>,
    /// Empty while a thread works, and once it has ended.
    worker: Mutex<Option<Worker>>,
}

struct Queue {
    waiting: VecDeque<Step>,
    /// Whether the pool has it.
    is_scheduled: bool,
    /// Whether nothing more comes.
    is_closed: bool,
}

impl Steps {
    /// None yet.
    pub(super) fn of(worker: Worker) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::new(Queue {
                waiting: VecDeque::with_capacity(STEPS_MAX),
                is_scheduled: false,
                is_closed: false,
            }),
            worker: Mutex::new(Some(worker)),
        })
    }

    /// Adds a step; gives it back where there is no room.
    pub(super) fn add(self: &Arc<Self>, step: Step) -> Result<(), Step> {
        let mut queue = lock(&self.queue);
        if queue.waiting.len() == STEPS_MAX {
            return Err(step);
        }
        queue.waiting.push_back(step);
        self.schedule(queue);
        Ok(())
    }

    /// Nothing more comes: the instances end, unless they have.
    pub(super) fn close(self: &Arc<Self>) {
        let mut queue = lock(&self.queue);
        queue.is_closed = true;
        self.schedule(queue);
    }

    fn schedule(self: &Arc<Self>, mut queue: MutexGuard<'_, Queue>) {
        let is_new = !std::mem::replace(&mut queue.is_scheduled, true);
        drop(queue);
        if is_new {
            pool::shared().add(Arc::clone(self) as Arc<dyn Task>);
        }
    }

    /// The next step. Where there is none, the worker is put back for the next time; one that nobody
    /// needs any more stays with the thread that has it.
    fn next(&self, worker: &mut Option<Worker>) -> Option<Step> {
        let mut queue = lock(&self.queue);
        let next = queue.waiting.pop_front();
        if next.is_none() && !queue.is_closed {
            *lock(&self.worker) = worker.take();
            queue.is_scheduled = false;
        }
        next
    }
}

impl Task for Steps {
    fn run(&self) -> Remaining {
        // Where a step panics its worker goes with it, and whoever waits hears that it is gone.
        let mut worker = lock(&self.worker).take();
        for _ in 0..STEPS_AT_ONCE {
            let Some(step) = self.next(&mut worker) else {
                if let Some(unneeded) = worker {
                    drop(unneeded.step(Step::End));
                }
                return Remaining::Nothing;
            };
            worker = worker.and_then(|worker| worker.step(step));
        }
        *lock(&self.worker) = worker;
        Remaining::More
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
