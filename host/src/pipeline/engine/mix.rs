//! Mix: sums of signals.
//!
//! In: views of signals. Out: their sum, finite. On the audio thread.

use segue_media::audio::first_non_finite;
use segue_plugin::link::{AudioView, AudioViewMut};

pub(super) fn copy(from: AudioView<'_>, into: &mut AudioViewMut<'_>) {
    for channel in 0..from.channels().min(into.channels()) {
        into.channel(channel).copy_from_slice(from.channel(channel));
    }
}

/// Two finite samples beyond 10^38 have no finite sum; no stage behind it is to be blamed.
pub(super) fn keep_finite(sum: &mut AudioViewMut<'_>) {
    for channel in 0..sum.channels() {
        let samples = sum.channel(channel);
        if first_non_finite(samples).is_some() {
            let finite = samples.iter_mut().filter(|sample| !sample.is_finite());
            finite.for_each(|sample| *sample = 0.0);
        }
    }
}

pub(super) fn add(from: AudioView<'_>, into: &mut AudioViewMut<'_>) {
    for channel in 0..from.channels().min(into.channels()) {
        let sums = into.channel(channel).iter_mut();
        sums.zip(from.channel(channel))
            .for_each(|(sum, term)| *sum += term);
    }
}
