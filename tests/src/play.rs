//! Play: a processor in this process, fed block by block.
//!
//! In: a generation, a component and a signal. Out: what it made of the signal, and what it left
//! behind.

use segue::loading::{Generation, Providers};
use segue_plugin::abi::audio::Span;
use segue_plugin::declare::Layout;
use segue_plugin::link::{
    AudioView, AudioViewMut, Block, Creation, Flags, Processor, Record, Start,
};
use segue_plugin::setup::{Format, Mode};

use crate::wav::Channels;

/// The rate that everything is played at.
pub const SAMPLE_RATE_HZ: u32 = 48_000;

/// What came out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Played {
    /// The signal.
    pub signal: Channels,
    /// The last values of the declared outputs.
    pub outputs: Vec<f64>,
    /// Notes and events: where in the stream, and the text.
    pub records: Vec<(u64, String)>,
}

/// Creates the component and feeds it `input` in blocks of `block_frames`.
#[must_use]
#[track_caller]
pub fn play(
    generation: &Generation,
    component: &str,
    creation: &Creation<'_>,
    input: &[Vec<f32>],
    block_frames: usize,
) -> Played {
    let processor = generation.processor(component, creation, Providers::none());
    let mut processor = processor.unwrap_or_else(|refusal| panic!("{component}: {refusal}"));
    let layout = Layout::usual(input.len() as u16).expect("a test has few channels");
    let format = Format {
        sample_rate_hz: SAMPLE_RATE_HZ,
        layout,
    };
    let start = Start {
        format,
        frames_max: block_frames as u32,
        mode: Mode::Offline,
        sidechains: &[],
        sources: &[],
    };
    let channels_out = processor
        .validate_input(format)
        .unwrap_or_else(|refusal| panic!("{component}: {refusal}"))
        .channels();
    let activated = processor.activate(&start);
    activated.unwrap_or_else(|refusal| panic!("{component}: {refusal}"));
    let manifest = generation.manifest().component(component);
    let outputs = manifest.map_or(0, |component| component.outputs.len());
    let mut played = Played {
        signal: vec![Vec::new(); channels_out],
        outputs: vec![f64::NAN; outputs],
        records: Vec::new(),
    };
    let frames = input[0].len();
    for at in (0..frames).step_by(block_frames) {
        let end = (at + block_frames).min(frames);
        block(&mut processor, input, at..end, &mut played);
    }
    assert!(processor.deactivate().is_ok());
    played
}

/// One block; what it leaves behind is added to `played`.
#[track_caller]
fn block(
    processor: &mut Processor,
    input: &[Vec<f32>],
    part: std::ops::Range<usize>,
    played: &mut Played,
) {
    let span = |channels| Span {
        channels,
        stride: part.len(),
        start: 0,
        frames: part.len(),
    };
    let samples: Vec<f32> = input
        .iter()
        .flat_map(|channel| channel[part.clone()].iter().copied())
        .collect();
    let channels_out = played.signal.len();
    let mut output = vec![f32::NAN; channels_out * part.len()];
    let mut records = [Record::EMPTY; 16];
    let outcome = processor.process(Block {
        position_frames: part.start as u64,
        flags: Flags::NONE,
        input: AudioView::new(&samples, span(input.len())),
        output: AudioViewMut::new(&mut output, span(channels_out)),
        sidechains: &[],
        events: &[],
        outputs: &mut played.outputs,
        records: &mut records,
    });
    assert!(outcome.status.is_ok(), "{}", processor.fault_text());
    for (channel, samples) in played
        .signal
        .iter_mut()
        .zip(output.chunks_exact(part.len()))
    {
        channel.extend_from_slice(samples);
    }
    let left = records[..outcome.records_written as usize].iter();
    played.records.extend(left.map(|record| {
        let at = part.start as u64 + u64::from(record.offset_frames);
        (at, record.text().to_owned())
    }));
}
