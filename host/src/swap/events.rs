//! Events: what happens in a session, to everybody who subscribed to it.
//!
//! In: events, on the session's threads. Out: a bounded queue for each subscription. Who reads too
//! slowly loses events, which are counted; the session never waits.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::observe::{Event, EventSink};

/// How many events wait for one follower: the changes of an hour, or the notes of some seconds.
const EVENTS_MAX: usize = 1_024;

/// How often followers are told how far the stream is: people and progress bars need no more.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Everybody who follows a session.
#[derive(Debug, Default)]
pub(super) struct Broadcast {
    /// How many there are, so that without any an event costs one look.
    count: AtomicUsize,
    /// Of the stream; 0 before it begins.
    sample_rate_hz: AtomicU32,
    followers: Mutex<Followers>,
}

#[derive(Debug, Default)]
struct Followers {
    all: Vec<EventQueue>,
    told: Option<Instant>,
    is_over: bool,
}

#[derive(Debug)]
struct EventQueue {
    queue: SyncSender<Arc<Event>>,
    dropped: Arc<AtomicU64>,
}

/// The events of a session, as typed values, from when somebody subscribed to them until the session
/// ends. Dropping it ends the subscription. Thread: any.
#[derive(Debug)]
pub struct EventSubscription {
    queue: Receiver<Arc<Event>>,
    dropped: Arc<AtomicU64>,
}

/// Why a subscription has no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEvent {
    /// None came in time; there may be one later.
    Yet,
    /// The session is over, and every event of it was taken.
    Ended,
}

impl EventSubscription {
    /// The next event, in the order in which they happened; waits for it at most so long.
    ///
    /// # Errors
    /// Why there is none.
    pub fn next(&self, within: Duration) -> Result<Arc<Event>, NoEvent> {
        self.queue
            .recv_timeout(within)
            .map_err(|error| match error {
                RecvTimeoutError::Timeout => NoEvent::Yet,
                RecvTimeoutError::Disconnected => NoEvent::Ended,
            })
    }

    /// How many events were lost since this was asked last: the queue holds 1,024.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }
}

/// Events that go to somebody, and to everybody who subscribed.
pub(super) struct SharedSink {
    pub(super) broadcast: Arc<Broadcast>,
    pub(super) first: Arc<dyn EventSink>,
}

impl EventSink for SharedSink {
    fn event(&self, event: Event) {
        self.broadcast.event(event.clone());
        self.first.event(event);
    }
}

impl Broadcast {
    /// One more follower, from the next event on.
    pub(super) fn follow(&self) -> EventSubscription {
        let (sender, queue) = sync_channel(EVENTS_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let mut followers = self.lock();
        if !followers.is_over {
            followers.all.push(EventQueue {
                queue: sender,
                dropped: Arc::clone(&dropped),
            });
        }
        self.count.store(followers.all.len(), Ordering::Release);
        EventSubscription { queue, dropped }
    }

    /// Frames per second of the stream; 0 before it begins.
    pub(super) fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz.load(Ordering::Acquire)
    }

    /// No event comes any more: every follower reads what is there, and ends.
    pub(super) fn end(&self) {
        let mut followers = self.lock();
        followers.is_over = true;
        followers.all.clear();
        self.count.store(0, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Followers> {
        self.followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for Broadcast {
    fn event(&self, event: Event) {
        if let Event::Started { sample_rate_hz, .. } = &event {
            self.sample_rate_hz
                .store(*sample_rate_hz, Ordering::Release);
        }
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut followers = self.lock();
        if matches!(event, Event::Progress { .. }) && !followers.is_due() {
            return;
        }
        let event = Arc::new(event);
        followers.all.retain(|follower| follower.take(&event));
        self.count.store(followers.all.len(), Ordering::Release);
    }
}

impl Followers {
    /// Whether it is time again to say how far the stream is.
    fn is_due(&mut self) -> bool {
        let is_due = self
            .told
            .is_none_or(|told| told.elapsed() >= PROGRESS_EVERY);
        if is_due {
            self.told = Some(Instant::now());
        }
        is_due
    }
}

impl EventQueue {
    /// Takes an event, or counts it; returns whether anybody is still there.
    fn take(&self, event: &Arc<Event>) -> bool {
        match self.queue.try_send(Arc::clone(event)) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(number: usize) -> Event {
        Event::Notice {
            text: number.to_string(),
        }
    }

    #[test]
    fn every_follower_gets_what_came_after_it() {
        let broadcast = Broadcast::default();
        broadcast.event(notice(0));
        let one = broadcast.follow();
        broadcast.event(notice(1));
        let other = broadcast.follow();
        broadcast.event(notice(2));
        broadcast.end();
        let events = |following: EventSubscription| -> Vec<Event> {
            following
                .queue
                .iter()
                .map(|event| (*event).clone())
                .collect()
        };
        assert_eq!(events(one), [notice(1), notice(2)]);
        assert_eq!(events(other), [notice(2)]);
        assert_eq!(broadcast.follow().queue.iter().count(), 0);
    }

    #[test]
    fn a_follower_that_does_not_read_loses_the_rest_and_is_told_how_many() {
        let broadcast = Broadcast::default();
        let slow = broadcast.follow();
        (0..EVENTS_MAX + 7).for_each(|number| broadcast.event(notice(number)));
        assert_eq!((slow.dropped(), slow.dropped()), (7, 0));
        broadcast.end();
        assert_eq!(slow.queue.iter().count(), EVENTS_MAX);
    }

    #[test]
    fn a_follower_that_went_is_forgotten() {
        let broadcast = Broadcast::default();
        drop(broadcast.follow());
        broadcast.event(notice(0));
        assert_eq!(broadcast.count.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_flood_of_progress_is_thinned_out() {
        let broadcast = Broadcast::default();
        let follower = broadcast.follow();
        // More of them than fit the queue: without thinning some would be dropped.
        for frames in 0..2 * EVENTS_MAX as u64 {
            broadcast.event(Event::Progress { frames });
        }
        assert_eq!(follower.dropped(), 0);
        broadcast.end();
        assert!(follower.queue.iter().count() >= 1);
    }
}
