//! Clean: makes what is read finite, before it spoils its neighbourhood.
//!
//! In: the frames that were read. Out: the same with 0 for what was no number, and how many there were.

use crate::audio::Buffer;
use crate::audio::sanitize;
use crate::io::stream::Cleaned;

/// Makes what was read finite, and adds what was found to what is still untold.
pub(super) fn clean(
    buffer: &mut Buffer,
    frames: usize,
    position_frames: u64,
    untold: &mut Option<Cleaned>,
) {
    let Some(replaced) = sanitize(buffer, 0..frames) else {
        return;
    };
    match untold {
        Some(untold) => untold.count += replaced.count,
        None => {
            *untold = Some(Cleaned {
                count: replaced.count,
                frame: position_frames + replaced.frame as u64,
                channel: replaced.channel,
            });
        }
    }
}
