//! Audio: planar samples as they cross the boundary.
//!
//! In: one allocation of the host's with a constant distance between channels.
//! Out: pointers that live for one call. Both structs are frozen at 1.0.

use std::marker::PhantomData;
use std::ptr;

use abi_stable::StableAbi;

/// Planar samples to read: channel `c` starts at `samples + c * stride`.
///
/// Borrowed for one call; nobody writes to them meanwhile.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct RawAudio<'a> {
    samples: *const f32,
    stride: usize,
    channels: u32,
    frames: u32,
    extension: *const u8,
    borrow: PhantomData<&'a f32>,
}

/// Planar samples to write, under the same rules; nobody else reads or writes them meanwhile.
#[repr(C)]
#[derive(Debug, StableAbi)]
pub struct RawAudioMut<'a> {
    samples: *mut f32,
    stride: usize,
    channels: u32,
    frames: u32,
    extension: *const u8,
    borrow: PhantomData<&'a mut f32>,
}

/// Which part of a planar allocation a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// How many channels, each `stride` samples after the one before.
    pub channels: usize,
    /// The distance between two channels, in samples.
    pub stride: usize,
    /// The part's first frame, counted from the block's first one.
    pub start: usize,
    /// How many frames the part has from there on.
    pub frames: usize,
}

impl Span {
    /// Asserts that channels do not overlap and that all of the last one lies within `len` samples.
    #[inline]
    fn check(self, len: usize) {
        let fits = self.start <= self.stride
            && self.frames <= self.stride - self.start
            && self
                .channels
                .checked_mul(self.stride)
                .is_some_and(|end| end <= len);
        if !fits {
            self.refuse(len);
        }
    }

    /// Out of line, so that the numbers need not lie in memory for the sake of the text.
    #[cold]
    #[inline(never)]
    fn refuse(self, len: usize) -> ! {
        panic!("{self:?} does not lie within {len} samples");
    }
}

impl<'a> RawAudio<'a> {
    /// The part `span` of `storage`.
    ///
    /// # Panics
    /// When the part does not lie within the storage: an error of the calling side's own code.
    #[must_use]
    #[inline]
    pub fn new(storage: &'a [f32], span: Span) -> Self {
        span.check(storage.len());
        Self {
            samples: storage[span.start.min(storage.len())..].as_ptr(),
            stride: span.stride,
            channels: span.channels as u32,
            frames: span.frames as u32,
            extension: ptr::null(),
            borrow: PhantomData,
        }
    }

    /// A block without channels and frames: what stands where nothing is connected.
    #[must_use]
    #[inline]
    pub const fn empty() -> Self {
        Self {
            samples: ptr::dangling(),
            stride: 0,
            channels: 0,
            frames: 0,
            extension: ptr::null(),
            borrow: PhantomData,
        }
    }

    /// How many channels the block has, 64 at most.
    #[must_use]
    #[inline]
    pub const fn channels(&self) -> usize {
        self.channels as usize
    }

    /// How many frames each channel has.
    #[must_use]
    #[inline]
    pub const fn frames(&self) -> usize {
        self.frames as usize
    }

    /// The samples of one channel.
    ///
    /// # Panics
    /// When there is no such channel.
    #[must_use]
    #[inline]
    pub fn channel(&self, channel: usize) -> &'a [f32] {
        assert!(
            channel < self.channels(),
            "channel {channel} of {}",
            self.channels
        );
        // SAFETY: `new` checked that this channel lies within the storage borrowed for 'a.
        let start = unsafe { self.samples.add(channel * self.stride) };
        // SAFETY: as above; the storage is initialized `f32` and nobody writes to it during 'a.
        unsafe { std::slice::from_raw_parts(start, self.frames()) }
    }

    /// All channels in the order of the layout, each a slice of as many samples as there are
    /// frames.
    #[inline]
    pub fn iter(self) -> impl ExactSizeIterator<Item = &'a [f32]> + Clone {
        (0..self.channels()).map(move |channel| self.channel(channel))
    }

    /// The last sample of a channel, 0 where there is none.
    #[must_use]
    #[inline]
    pub fn last_sample(&self, channel: usize) -> f32 {
        if channel >= self.channels() || self.frames == 0 {
            return 0.0;
        }
        let place = channel * self.stride + self.frames() - 1;
        // SAFETY: `new` checked that every frame of this channel lies within the borrowed storage.
        let last = unsafe { self.samples.add(place) };
        // SAFETY: as above; the storage is initialized `f32` and nobody writes to it during 'a.
        unsafe { last.read() }
    }

    /// The frames from `start`, `frames` of them; shorter where there are not so many.
    #[must_use]
    #[inline]
    pub fn part(&self, start: usize, frames: usize) -> Self {
        let start = start.min(self.frames());
        let frames = frames.min(self.frames() - start);
        Self {
            samples: self.samples.wrapping_add(start),
            frames: frames as u32,
            ..*self
        }
    }
}

impl<'a> RawAudioMut<'a> {
    /// The part `span` of `storage`.
    ///
    /// # Panics
    /// When the part does not lie within the storage: an error of the calling side's own code.
    #[must_use]
    #[inline]
    pub fn new(storage: &'a mut [f32], span: Span) -> Self {
        span.check(storage.len());
        let from = span.start.min(storage.len());
        Self {
            samples: storage[from..].as_mut_ptr(),
            stride: span.stride,
            channels: span.channels as u32,
            frames: span.frames as u32,
            extension: ptr::null(),
            borrow: PhantomData,
        }
    }

    /// How many channels the block has, 64 at most.
    #[must_use]
    #[inline]
    pub const fn channels(&self) -> usize {
        self.channels as usize
    }

    /// How many frames each channel has.
    #[must_use]
    #[inline]
    pub const fn frames(&self) -> usize {
        self.frames as usize
    }

    /// The same samples to read, for as long as nobody writes them.
    #[must_use]
    #[inline]
    pub const fn shared(&self) -> RawAudio<'_> {
        RawAudio {
            samples: self.samples,
            stride: self.stride,
            channels: self.channels,
            frames: self.frames,
            extension: self.extension,
            borrow: PhantomData,
        }
    }

    /// The samples of one channel.
    ///
    /// # Panics
    /// When there is no such channel.
    #[must_use]
    #[inline]
    pub fn channel(&mut self, channel: usize) -> &mut [f32] {
        assert!(
            channel < self.channels(),
            "channel {channel} of {}",
            self.channels
        );
        // SAFETY: `new` checked that this channel lies within the storage borrowed for 'a.
        let start = unsafe { self.samples.add(channel * self.stride) };
        // SAFETY: as above; `&mut self` keeps every other channel of this storage out.
        unsafe { std::slice::from_raw_parts_mut(start, self.frames()) }
    }

    /// Two channels at once: the first to read, the second to write.
    ///
    /// # Panics
    /// When there is no such channel, or both are the same.
    #[must_use]
    pub fn pair(&mut self, read: usize, write: usize) -> (&[f32], &mut [f32]) {
        assert!(
            read != write,
            "channel {read} cannot be read and written at once"
        );
        let shared = self.shared();
        assert!(
            read < shared.channels(),
            "channel {read} of {}",
            shared.channels()
        );
        // SAFETY: `new` checked that this channel lies within the storage borrowed for 'a.
        let start = unsafe { self.samples.add(read * self.stride) };
        // SAFETY: as above; `new` checked that channels do not overlap, `write` is another one,
        // and `&mut self` keeps everything else out.
        let from = unsafe { std::slice::from_raw_parts(start.cast_const(), self.frames()) };
        (from, self.channel(write))
    }

    /// The frames from `start`, `frames` of them, for as long as `self` is not used.
    #[must_use]
    #[inline]
    pub fn part(&mut self, start: usize, frames: usize) -> RawAudioMut<'_> {
        let start = start.min(self.frames());
        let frames = frames.min(self.frames() - start);
        RawAudioMut {
            samples: self.samples.wrapping_add(start),
            stride: self.stride,
            channels: self.channels,
            frames: frames as u32,
            extension: self.extension,
            borrow: PhantomData,
        }
    }
}
