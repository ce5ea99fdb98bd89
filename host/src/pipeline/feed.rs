//! Feed: signals on their way from the audio thread to taps.
//!
//! In: blocks of a tap's signal and reference. Out: chunks of up to `FEED_FRAMES` frames, sent
//! through a wait-free ring; empty chunks come back through another. Chunks end at fixed frames
//! of the stream, so that taps see the same stretches whatever the block size.
//!
//! Without an empty chunk the audio thread does not wait: it drops and counts. The session sees
//! to it that off line there always is one.

use std::ops::Range;

use rtrb::{Consumer, Producer, RingBuffer};
use segue_media::audio::Buffer;
use segue_plugin::link::AudioView;

/// The longest chunk: 85 ms at 48 kHz, so that a session wakes its taps twelve times a second.
pub const FEED_FRAMES: usize = 4096;

/// Chunks in flight for each tap beside those that one block fills: one being filled, one being
/// read, one between.
const CHUNKS_SPARE: usize = 3;

/// A stretch of signal for one tap.
#[derive(Debug)]
pub struct Chunk {
    /// Which tap, by its place in the file.
    pub tap: usize,
    /// Stream time of the first frame, as the tap counts: its latency taken out.
    pub position_frames: u64,
    /// How many frames are in use.
    pub frames: usize,
    /// What is looked at.
    pub signal: Buffer,
    /// What it is compared with; no channels where there is none.
    pub reference: Buffer,
}

/// The audio thread's end: one tap's chunk in the making.
#[derive(Debug)]
pub struct Feed {
    filling: Option<Box<Chunk>>,
    empty: Consumer<Box<Chunk>>,
    dropped_frames: u64,
    /// How many chunks one block may begin.
    chunks_per_block: usize,
    /// Frames of signal seen so far, the latency included.
    seen_frames: u64,
    latency_frames: u64,
    /// The length of the stream, once it is known: what comes after is padding.
    length_frames: u64,
}

/// The other end: where the tap thread gets chunks and gives them back.
#[derive(Debug)]
pub struct Feeds {
    /// Full chunks of all taps, in the order they were filled.
    pub full: Consumer<Box<Chunk>>,
    /// Where each tap's chunks go back to.
    pub empty: Vec<Producer<Box<Chunk>>>,
}

/// Full chunks of all taps on their way, and how many were sent.
#[derive(Debug)]
pub(super) struct Full {
    ring: Producer<Box<Chunk>>,
    pub(super) sent: u64,
}

/// What a tap needs: channels of signal and reference, and how late they are.
pub(super) struct FeedSpec {
    pub(super) channels: usize,
    pub(super) reference_channels: usize,
    pub(super) latency_frames: u64,
}

/// Makes both ends, for blocks of at most `frames_max` frames.
pub(super) fn feeds(specs: &[FeedSpec], frames_max: usize) -> (Vec<Feed>, Full, Feeds) {
    let chunks_per_block = frames_max.div_ceil(FEED_FRAMES) + 1;
    let chunks_per_tap = chunks_per_block + CHUNKS_SPARE;
    let (full, received) = RingBuffer::new((specs.len() * chunks_per_tap).max(1));
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for (tap, spec) in specs.iter().enumerate() {
        let (mut give_back, empty) = RingBuffer::new(chunks_per_tap);
        for _ in 0..chunks_per_tap {
            let pushed = give_back.push(Box::new(Chunk::new(tap, spec)));
            debug_assert!(
                pushed.is_ok(),
                "the ring has a place for each of its chunks"
            );
        }
        far.push(give_back);
        near.push(Feed::new(empty, chunks_per_block, spec.latency_frames));
    }
    let feeds = Feeds {
        full: received,
        empty: far,
    };
    let full = Full {
        ring: full,
        sent: 0,
    };
    (near, full, feeds)
}

impl Chunk {
    /// An empty one of a tap.
    fn new(tap: usize, spec: &FeedSpec) -> Self {
        Self {
            tap,
            position_frames: 0,
            frames: 0,
            signal: Buffer::new(spec.channels, FEED_FRAMES),
            reference: Buffer::new(spec.reference_channels, FEED_FRAMES),
        }
    }
}

impl Feed {
    fn new(empty: Consumer<Box<Chunk>>, chunks_per_block: usize, latency_frames: u64) -> Self {
        Self {
            filling: None,
            empty,
            dropped_frames: 0,
            chunks_per_block,
            seen_frames: 0,
            latency_frames,
            length_frames: u64::MAX,
        }
    }

    /// Frames that found no empty chunk.
    #[must_use]
    pub const fn dropped_frames(&self) -> u64 {
        self.dropped_frames
    }

    /// Whether the next block will find room.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.empty.slots() >= self.chunks_per_block
    }

    /// Tells where the stream ends: what is given beyond it is padding, not signal.
    pub(super) fn end_at(&mut self, length_frames: u64) {
        self.length_frames = length_frames;
    }

    /// Takes one block, latency left out at the start of the stream. Real-time safe.
    pub(super) fn take(
        &mut self,
        signal: AudioView<'_>,
        reference: Option<AudioView<'_>>,
        full: &mut Full,
    ) {
        let frames = signal.frames() as u64;
        let skipped = self
            .latency_frames
            .saturating_sub(self.seen_frames)
            .min(frames);
        self.seen_frames += frames;
        let mut start = skipped as usize;
        while start < signal.frames() {
            let position = self.seen_frames - frames + start as u64 - self.latency_frames;
            let left = (signal.frames() - start) as u64;
            let left = left.min(self.length_frames.saturating_sub(position)) as usize;
            if left == 0 {
                return;
            }
            let taken = left.min(FEED_FRAMES - (position % FEED_FRAMES as u64) as usize);
            self.append(signal, reference, start..start + taken, position);
            if (position + taken as u64).is_multiple_of(FEED_FRAMES as u64) {
                self.send(full);
            }
            start += taken;
        }
    }

    /// Sends what is there, however little. Real-time safe.
    pub(super) fn send(&mut self, full: &mut Full) {
        let Some(chunk) = self.filling.take() else {
            return;
        };
        if full.ring.is_full() {
            // Cannot happen while the ring has a place for every chunk; nothing is lost if it does.
            self.filling = Some(chunk);
            return;
        }
        let pushed = full.ring.push(chunk);
        debug_assert!(
            pushed.is_ok(),
            "the ring had room and this thread is its only producer"
        );
        full.sent += 1;
    }

    fn append(
        &mut self,
        signal: AudioView<'_>,
        reference: Option<AudioView<'_>>,
        taken: Range<usize>,
        position_frames: u64,
    ) {
        if self.filling.is_none() {
            self.filling = self.empty.pop().ok().map(|mut chunk| {
                chunk.position_frames = position_frames;
                chunk.frames = 0;
                chunk
            });
        }
        let Some(chunk) = &mut self.filling else {
            self.dropped_frames += taken.len() as u64;
            return;
        };
        // After frames were dropped a chunk may begin late; it never goes on past a gap.
        let at = chunk.frames;
        copy(signal, taken.clone(), &mut chunk.signal, at);
        if let Some(reference) = reference {
            copy(reference, taken.clone(), &mut chunk.reference, at);
        }
        chunk.frames += taken.len();
    }
}

fn copy(from: AudioView<'_>, frames: Range<usize>, into: &mut Buffer, at: usize) {
    for channel in 0..from.channels().min(into.channels()) {
        let samples = &from.channel(channel)[frames.clone()];
        into.channel_mut(channel)[at..at + frames.len()].copy_from_slice(samples);
    }
}
