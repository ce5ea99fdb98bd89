//! Delay: the recent past of one channel.
//!
//! In: samples, block by block. Out: the samples of a while ago. What it holds is bounded by its
//! construction; before the first sample there was silence.

/// A ring of the newest samples of one channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    ring: Box<[f32]>,
    /// Where the next sample goes; what lies there is the oldest.
    at: usize,
}

impl Line {
    /// A line that remembers `frames` samples, all of them silence. It allocates `frames` times
    /// 4 bytes: not for the audio thread.
    #[must_use]
    pub fn new(frames: usize) -> Self {
        Self {
            ring: vec![0.0; frames].into_boxed_slice(),
            at: 0,
        }
    }

    /// How many samples it remembers.
    #[must_use]
    pub const fn frames(&self) -> usize {
        self.ring.len()
    }

    /// Takes the next samples; the oldest are forgotten. Thread: audio.
    pub fn push(&mut self, samples: &[f32]) {
        // Of more than fits only the end is ever read.
        let kept = &samples[samples.len().saturating_sub(self.ring.len())..];
        let (first, second) = kept.split_at(kept.len().min(self.ring.len() - self.at));
        self.ring[self.at..self.at + first.len()].copy_from_slice(first);
        self.ring[..second.len()].copy_from_slice(second);
        self.at += kept.len();
        if self.at >= self.ring.len() {
            self.at -= self.ring.len();
        }
    }

    /// Fills `output` with the stretch that ended `back_frames` before the newest sample: with 0
    /// its last sample is the newest. Thread: audio.
    ///
    /// # Panics
    /// When the stretch begins before what the line remembers.
    pub fn read(&self, back_frames: usize, output: &mut [f32]) {
        let frames = back_frames + output.len();
        assert!(frames <= self.ring.len(), "the line is too short for that");
        let start = match self.at.checked_sub(frames) {
            Some(start) => start,
            None => self.at + self.ring.len() - frames,
        };
        let split = output.len().min(self.ring.len() - start);
        let (first, second) = output.split_at_mut(split);
        first.copy_from_slice(&self.ring[start..start + split]);
        second.copy_from_slice(&self.ring[..second.len()]);
    }

    /// Everything it remembers, oldest first, as the two stretches it lies in. Thread: audio.
    #[must_use]
    pub fn past(&self) -> [&[f32]; 2] {
        let (newer, older) = self.ring.split_at(self.at);
        [older, newer]
    }

    /// Room for everything it remembers, oldest first: what `past` answered goes here. Thread:
    /// audio.
    #[must_use]
    pub fn past_mut(&mut self) -> &mut [f32] {
        self.at = 0;
        &mut self.ring
    }

    /// The newest samples, oldest first, as the two stretches they lie in; all of them where it
    /// does not remember so many. Thread: audio.
    #[must_use]
    pub fn newest(&self, frames: usize) -> [&[f32]; 2] {
        let [older, newer] = self.past();
        let left_out = self.ring.len().saturating_sub(frames);
        let from_newer = left_out.saturating_sub(older.len());
        [&older[left_out.min(older.len())..], &newer[from_newer..]]
    }

    /// Room for the newest samples, oldest first, at most as many as it remembers; what was before
    /// them becomes silence. Thread: audio; it takes time with the length.
    #[must_use]
    pub fn newest_mut(&mut self, frames: usize) -> &mut [f32] {
        self.at = 0;
        let before = self.ring.len().saturating_sub(frames);
        let (before, newest) = self.ring.split_at_mut(before);
        before.fill(0.0);
        newest
    }

    /// Forgets everything. Thread: audio; it takes time with the length.
    pub fn clear(&mut self) {
        self.ring.fill(0.0);
        self.at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn nothing_can_be_remembered() {
        let mut line = Line::new(0);
        line.push(&[1.0, 2.0]);
        line.read(0, &mut []);
        assert_eq!(line.past(), [&[0.0_f32; 0][..], &[]]);
    }

    #[test]
    #[should_panic(expected = "too short")]
    fn what_is_forgotten_cannot_be_read() {
        Line::new(4).read(2, &mut [0.0; 3]);
    }

    proptest! {
        #[test]
        fn it_is_a_window_on_everything_that_came(
            capacity in 1..40_usize,
            blocks in vec(0..60_usize, 1..12),
            back in 0..40_usize,
            length in 0..40_usize,
        ) {
            let mut line = Line::new(capacity);
            let mut all = vec![0.0; capacity];
            for frames in blocks {
                let next: Vec<f32> = (0..frames).map(|n| (all.len() + n) as f32).collect();
                line.push(&next);
                all.extend(next);
                let window = &all[all.len() - capacity..];
                prop_assert_eq!(&line.past().concat(), window);
                let back = back.min(capacity);
                let mut out = vec![f32::NAN; length.min(capacity - back)];
                line.read(back, &mut out);
                let end = capacity - back;
                prop_assert_eq!(&out[..], &window[end - out.len()..end]);
            }
            let window = &all[all.len() - capacity..];
            let newest = &window[capacity - back.min(capacity)..];
            prop_assert_eq!(&line.newest(back).concat()[..], newest);
            let mut late = Line::new(capacity);
            late.push(&[9.0]);
            late.newest_mut(back).copy_from_slice(newest);
            let silence = vec![0.0; capacity - newest.len()];
            prop_assert_eq!(late.past().concat(), [&silence[..], newest].concat());
            let mut other = Line::new(capacity);
            other.push(&[9.0]);
            other.past_mut().copy_from_slice(&line.past().concat());
            prop_assert_eq!(other.past().concat(), line.past().concat());
            other.push(&[5.0]);
            line.push(&[5.0]);
            prop_assert_eq!(other.past().concat(), line.past().concat());
            line.clear();
            prop_assert_eq!(line.past().concat(), vec![0.0; capacity]);
        }
    }
}
