//! Stalls: what became of a stream that stalled, for who listens.
//!
//! In: news of whoever looks out. Out: events.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use segue_media::utc;

use crate::clock::StreamNews;
use crate::observe::Event;

/// What became of the stream, for who listens.
pub(super) fn event(news: StreamNews) -> Event {
    match news {
        StreamNews::Began {
            side,
            position_frames,
            ago,
        } => Event::StallBegan {
            side,
            since: time(ago),
            position_frames,
        },
        StreamNews::Ended {
            side,
            position_frames,
            lasted,
        } => Event::StallEnded {
            side,
            lasted_ns: u64::try_from(lasted.as_nanos()).unwrap_or(u64::MAX),
            position_frames,
        },
    }
}

/// The time so long ago, as people write it down.
fn time(ago: Duration) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    utc(now.unwrap_or_default().saturating_sub(ago).as_secs())
}
