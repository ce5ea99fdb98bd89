//! Delay: a queue of frames that gives back what it got a number of frames ago.
//!
//! In: blocks of any length. Out: the same, later; zeros at first. How many frames it holds stays
//! as it is, block in and block out, until it takes without giving or gives without taking. All
//! memory is taken at the start, so the audio thread may run it.

use std::mem;

use segue_plugin::link::{AudioView, AudioViewMut};

/// Frames of one channel that are exchanged at a time where a line has room to spare. Enough to
/// make copying cheap, little enough for any stack.
const EXCHANGE_FRAMES: usize = 256;

/// A delay line of one signal.
#[derive(Debug, Clone)]
pub struct DelayLine {
    /// Channel after channel, as many samples each as it can hold, used in a circle.
    ring: Vec<f32>,
    channels: usize,
    capacity: usize,
    /// How many frames it holds.
    held: usize,
    /// Where the oldest frame lies.
    at: usize,
}

impl DelayLine {
    /// A line of so many frames, holding zeros. Allocates; not for the audio thread.
    #[must_use]
    pub fn new(channels: usize, frames: usize) -> Self {
        Self::with_capacity(channels, frames, frames)
    }

    /// A line that holds so many frames of zeros, and can hold up to `capacity_frames`, or as
    /// many as it holds now. Allocates; not for the audio thread.
    #[must_use]
    pub fn with_capacity(channels: usize, frames: usize, capacity_frames: usize) -> Self {
        let capacity = capacity_frames.max(frames);
        Self {
            ring: vec![0.0; channels * capacity],
            channels,
            capacity,
            held: frames,
            at: 0,
        }
    }

    /// How many frames it holds now: how far what it gives is behind what it takes.
    #[must_use]
    pub const fn frames(&self) -> usize {
        self.held
    }

    /// The most frames it can hold.
    #[must_use]
    pub const fn capacity_frames(&self) -> usize {
        self.capacity
    }

    /// Takes a block and gives the one from `frames` ago. Real-time safe.
    pub fn process(&mut self, input: AudioView<'_>, output: &mut AudioViewMut<'_>) {
        let (frames, write) = (input.frames(), self.end());
        for channel in 0..input.channels().min(output.channels()) {
            let (from, into) = (input.channel(channel), output.channel(channel));
            if self.held == 0 {
                into.copy_from_slice(from);
                continue;
            }
            let ring = ring_of(&mut self.ring, self.capacity, channel);
            let count = frames.min(self.held);
            take(ring, self.at, &mut into[..count]);
            into[count..].copy_from_slice(&from[..frames - count]);
            put(ring, write, &from[frames - count..]);
        }
        self.advance(frames.min(self.held));
    }

    /// Takes a block and leaves in its place the one from `frames` ago. Real-time safe.
    pub fn replace(&mut self, block: &mut AudioViewMut<'_>) {
        let (frames, write) = (block.frames(), self.end());
        if self.held == 0 {
            return;
        }
        let count = frames.min(self.held);
        for channel in 0..block.channels().min(self.channels) {
            let samples = block.channel(channel);
            if count < frames {
                // What goes straight through moves back, what stays here comes to the front.
                samples.rotate_right(count);
            }
            let ring = ring_of(&mut self.ring, self.capacity, channel);
            exchange(ring, self.at, write, &mut samples[..count]);
        }
        self.advance(count);
    }

    /// Takes a block and gives nothing, the oldest frames being lost: keeps the line fed without
    /// a change of what it holds. Real-time safe.
    pub fn feed(&mut self, input: AudioView<'_>) {
        let write = self.end();
        // Only the last frames can ever come out again.
        let count = input.frames().min(self.held);
        if count == 0 {
            return;
        }
        for channel in 0..input.channels().min(self.channels) {
            let from = input.channel(channel);
            let ring = ring_of(&mut self.ring, self.capacity, channel);
            put(ring, write, &from[from.len() - count..]);
        }
        self.advance(count);
    }

    /// Takes a block and gives nothing: holds as many frames more. What finds no room is lost.
    /// Real-time safe.
    pub fn push(&mut self, input: AudioView<'_>) {
        let count = input.frames().min(self.capacity - self.held);
        debug_assert_eq!(count, input.frames(), "a line has room for what is pushed");
        let write = self.end();
        if count > 0 {
            for channel in 0..input.channels().min(self.channels) {
                let ring = ring_of(&mut self.ring, self.capacity, channel);
                put(ring, write, &input.channel(channel)[..count]);
            }
        }
        self.held += count;
    }

    /// Gives a block and takes nothing: holds as many frames less. Where it holds no more, the
    /// rest is zeros. Real-time safe.
    pub fn pop(&mut self, output: &mut AudioViewMut<'_>) {
        let count = output.frames().min(self.held);
        for channel in 0..output.channels() {
            let into = output.channel(channel);
            into[count..].fill(0.0);
            if count > 0 && channel < self.channels {
                let ring = ring_of(&mut self.ring, self.capacity, channel);
                take(ring, self.at, &mut into[..count]);
            }
        }
        self.advance(count);
        self.held -= count;
    }

    /// Takes over all that another line of as many channels holds, and nothing of its own; the
    /// other then holds what nobody wants. Memory changes hands where the other has as much.
    /// Real-time safe.
    pub fn take_over(&mut self, old: &mut Self) {
        debug_assert_eq!(self.channels, old.channels, "the signal is the same");
        if old.capacity >= self.capacity && old.channels == self.channels {
            mem::swap(self, old);
            return;
        }
        let count = old.held.min(self.capacity);
        debug_assert_eq!(count, old.held, "a line has room for what it takes over");
        self.at = 0;
        self.held = count;
        if count > 0 {
            for channel in 0..self.channels.min(old.channels) {
                let from = ring_of(&mut old.ring, old.capacity, channel);
                let into = ring_of(&mut self.ring, self.capacity, channel);
                take(from, old.at, &mut into[..count]);
            }
        }
    }

    /// The sample that [`process`](Self::process) would give for a block's last frame.
    #[must_use]
    pub fn last_of(&self, input: AudioView<'_>, channel: usize) -> f32 {
        let from = input.channel(channel);
        match from.len().checked_sub(self.held + 1) {
            Some(at) => from[at],
            None => self.ring[channel * self.capacity + (self.at + from.len() - 1) % self.capacity],
        }
    }

    /// Where the next frame is put.
    const fn end(&self) -> usize {
        wrapped(self.at + self.held, self.capacity)
    }

    fn advance(&mut self, frames: usize) {
        self.at = wrapped(self.at + frames, self.capacity);
    }
}

/// A place of a circle, at most once round.
const fn wrapped(at: usize, capacity: usize) -> usize {
    if at >= capacity { at - capacity } else { at }
}

fn ring_of(ring: &mut [f32], capacity: usize, channel: usize) -> &mut [f32] {
    &mut ring[channel * capacity..][..capacity]
}

/// Copies out of a circle, at most once round.
fn take(ring: &[f32], at: usize, into: &mut [f32]) {
    let first = into.len().min(ring.len() - at);
    let (head, rest) = into.split_at_mut(first);
    head.copy_from_slice(&ring[at..at + first]);
    rest.copy_from_slice(&ring[..rest.len()]);
}

/// Copies into a circle, at most once round.
fn put(ring: &mut [f32], at: usize, from: &[f32]) {
    let (head, rest) = from.split_at(from.len().min(ring.len() - at));
    ring[at..at + head.len()].copy_from_slice(head);
    ring[..rest.len()].copy_from_slice(rest);
}

/// Puts samples at one place of a circle and takes as many from another in return; of a full one
/// both places are the same.
fn exchange(ring: &mut [f32], read: usize, write: usize, samples: &mut [f32]) {
    if read == write {
        let (head, rest) = samples.split_at_mut(samples.len().min(ring.len() - read));
        head.swap_with_slice(&mut ring[read..read + head.len()]);
        rest.swap_with_slice(&mut ring[..rest.len()]);
        return;
    }
    let mut apart = [0.0; EXCHANGE_FRAMES];
    let mut done = 0;
    for part in samples.chunks_mut(EXCHANGE_FRAMES) {
        let apart = &mut apart[..part.len()];
        take(ring, wrapped(read + done, ring.len()), apart);
        put(ring, wrapped(write + done, ring.len()), part);
        part.copy_from_slice(apart);
        done += part.len();
    }
}

#[cfg(test)]
mod tests;
