//! Tests: candidates that are linked in, and what is found out about them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use segue_media::audio::Buffer;
use segue_plugin::declare::{Heap, Layout, RealTime, Span};
use segue_plugin::link::built_in;
use segue_plugin::prelude::{
    Activation, AudioProcessor, Capabilities, Context, Fault, Io, Params, Refusal, StateReader,
    StateWriter, Status, Timing,
};
use segue_plugin::setup::{Format, Mode};

use crate::config::parse;
use crate::config::words::SwapState;
use crate::loading::meter::{count_allocation, is_real_time};
use crate::observe::Identity;
use crate::session::candidate::factory::{Create, Declared, Factory, Source};
use crate::session::candidate::prime::{Depth, Primed, Unprimed, prime, start_frames};
use crate::session::candidate::rehearse::{NoHandoff, rehearse};
use crate::session::candidate::work::{Watch, prepare, work};
use crate::session::candidate::{Implementation, Past, PrepareRequest, Prepared, Refused};
use crate::session::instance::{LATENCY_FRAMES_MAX, Placement};

const FRAMES_MAX: u32 = 64;

fn placement(mode: Mode) -> Placement {
    Placement {
        format: Format {
            sample_rate_hz: 8_000,
            layout: Layout::MONO,
        },
        layout_out: Some(Layout::MONO),
        latency_frames_max: LATENCY_FRAMES_MAX,
        frames_max: FRAMES_MAX,
        mode,
        sidechains: Vec::new(),
    }
}

fn factory(create: Create, mode: Mode) -> Factory {
    Factory {
        source: Source::BuiltIn(create),
        identity: Identity {
            component: "acme.test/it".to_owned(),
            version: "1.0.0".to_owned(),
            sha256: String::new(),
        },
        placement: placement(mode),
        declared: Declared {
            latency: Span::Varies,
            real_time: RealTime::Safe,
            outputs: 0,
            heap: Heap::Metered,
        },
        notes: Vec::new(),
    }
}

fn prepare_request(mode: Mode, past: Option<Fake>) -> PrepareRequest {
    let config = "[[stage]]\nid = \"it\"\ncomponent = \"acme.test\"\n";
    PrepareRequest {
        stage: "it".to_owned(),
        implementation: Implementation::Bypass,
        config: parse(config, "test.toml".as_ref(), &[]).unwrap().into(),
        placement: placement(mode),
        old: None,
        state: SwapState::Handoff,
        past: past.map(|past| Box::new(past) as Box<dyn Past>),
        replayed: None,
    }
}

fn worked(factory: Factory) -> Result<Prepared, Refused> {
    let request = prepare_request(factory.placement.mode, None);
    work(factory, request, &Watch::default())
}

/// What a candidate in a live session and off line is answered with; `None` where it is let in.
fn check(create: Create, live: Option<&str>, offline: Option<&str>) {
    for (mode, expected) in [(Mode::RealTime, live), (Mode::Offline, offline)] {
        let answer = worked(factory(create, mode)).map(Prepared::end);
        let found = answer.err().map(|refused| refused.to_string());
        let expected = expected.map(|text| format!("acme.test/it 1.0.0: {text}"));
        assert_eq!(found, expected, "{mode:?}");
    }
}

/// A past that grows while it is read.
struct Fake {
    /// Where its frame 0 lies in the stream.
    first: u64,
    begin: u64,
    end: u64,
    /// How much longer it is after each reading.
    grows: u64,
    /// How many readings until nothing is there any more.
    readings: usize,
}

impl Past for Fake {
    fn begin_frames(&self) -> u64 {
        self.begin
    }

    fn first_frames(&self) -> u64 {
        self.first
    }

    fn end_frames(&self) -> u64 {
        self.end
    }

    fn read(&mut self, from: u64, frames: usize, input: &mut Buffer, _: &mut [Buffer]) -> bool {
        assert!(from >= self.begin && from + frames as u64 <= self.end);
        let Some(left) = self.readings.checked_sub(1) else {
            return false;
        };
        self.readings = left;
        let samples = input.channel_mut(0)[..frames].iter_mut();
        samples
            .zip(from..)
            .for_each(|(sample, at)| *sample = at as f32);
        self.end += self.grows;
        true
    }
}

macro_rules! processors {
    ($($(#[$doc:meta])* $name:ident($self:ident, $context:ident, $audio:ident) $body:block)*) => {$(
        $(#[$doc])*
        #[derive(Params)]
        struct $name;

        impl AudioProcessor for $name {
            fn process(
                &mut $self,
                $context: &mut Context<'_>,
                $audio: &mut Io<'_>,
            ) -> Result<Status, Fault> $body
        }
    )*};
}

processors! {
    /// Does what it should.
    Good(self, _context, audio) {
        audio.copy();
        Ok(Status::Continue)
    }
    /// Takes memory in its calls.
    Greedy(self, _context, audio) {
        count_allocation(8);
        audio.copy();
        Ok(Status::Continue)
    }
    /// Gives no numbers in long blocks only.
    Wild(self, _context, audio) {
        let last = FRAMES_MAX as usize - 1;
        audio.map(|frame, sample| if frame == last { f32::NAN } else { sample });
        Ok(Status::Continue)
    }
    /// Faults in its second block.
    Late(self, context, audio) {
        audio.copy();
        match context.position_frames() {
            0 => Ok(Status::Continue),
            _ => Err(Fault::new(7, "not twice")),
        }
    }
    /// Panics.
    Panics(self, _context, _audio) {
        panic!("as told")
    }
    /// Fails where it is called elsewhere than the audio thread would.
    Picky(self, _context, audio) {
        assert!(is_real_time());
        audio.copy();
        Ok(Status::Continue)
    }
}

#[test]
fn what_does_as_it_should_is_let_in() {
    check(built_in::processor::<Good>, None, None);
    check(built_in::processor::<Picky>, None, None);
}

#[test]
fn heap_calls_on_a_new_thread_keep_it_out_of_live_sessions_only() {
    let text = "it made 4 heap calls in its first calls on a new thread; what the audio thread \
                runs makes none: it may enter a session off line, or be there at its start";
    check(built_in::processor::<Greedy>, Some(text), None);
    let prepared = worked(factory(built_in::processor::<Greedy>, Mode::Offline)).unwrap();
    assert_eq!(
        prepared.notes,
        ["it makes 4 heap calls in its first blocks"]
    );
    prepared.end();
}

#[test]
fn a_failure_on_silence_keeps_it_out() {
    let both = |create, text| check(create, Some(text), Some(text));
    both(
        built_in::processor::<Wild>,
        "it failed on silence: its output was not finite while its input was",
    );
    both(
        built_in::processor::<Late>,
        "it failed on silence: not twice",
    );
    both(
        built_in::processor::<Panics>,
        "it failed on silence: panicked",
    );
}

static ACTIVATIONS: AtomicU32 = AtomicU32::new(0);

/// Reports another latency each time.
#[derive(Params)]
struct Fickle;

impl AudioProcessor for Fickle {
    fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
        Ok(Timing {
            latency_frames: u64::from(ACTIVATIONS.fetch_add(1, Ordering::Relaxed)),
            tail_frames: 0,
        })
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}

#[test]
fn a_latency_that_is_another_each_time_keeps_it_out() {
    let refused = worked(factory(built_in::processor::<Fickle>, Mode::Offline)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "acme.test/it 1.0.0: reports 1 frames of latency and 0 of tail, expected 0 and 0 as it did \
         just before"
    );
}

/// Reports a latency of 100 frames.
#[derive(Params)]
struct Hundred;

impl AudioProcessor for Hundred {
    fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
        Ok(Timing {
            latency_frames: 100,
            tail_frames: 0,
        })
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}

#[test]
fn a_latency_is_held_to_the_manifest() {
    let check = |latency, expected: Option<&str>| {
        let mut factory = factory(built_in::processor::<Hundred>, Mode::Offline);
        factory.declared.latency = latency;
        let found = worked(factory).map(Prepared::end).err();
        let found = found.map(|refused| refused.to_string());
        assert_eq!(found.as_deref(), expected, "{latency:?}");
    };
    check(Span::Varies, None);
    check(Span::Frames(100), None);
    check(Span::Seconds(0.0125), None);
    check(Span::Seconds(0.012_62), None);
    check(
        Span::Frames(99),
        Some("acme.test/it 1.0.0: reports 100 frames of latency, expected 99 as its manifest says"),
    );
    check(
        Span::Seconds(0.0128),
        Some(
            "acme.test/it 1.0.0: reports 100 frames of latency, expected 102 as its manifest says",
        ),
    );
}

#[test]
fn another_layout_than_that_of_the_stage_keeps_it_out() {
    let mut stereo = factory(built_in::processor::<Good>, Mode::Offline);
    stereo.placement.layout_out = Some(Layout::STEREO);
    assert_eq!(
        worked(stereo).unwrap_err().to_string(),
        "acme.test/it 1.0.0: gives mono, expected stereo as the stage does"
    );
}

#[test]
fn what_says_that_it_is_not_for_the_audio_thread_is_believed() {
    for (real_time, live) in [
        (RealTime::Safe, true),
        (RealTime::WarmsUp, false),
        (RealTime::Offline, false),
    ] {
        for mode in [Mode::RealTime, Mode::Offline] {
            let mut factory = factory(built_in::processor::<Good>, mode);
            factory.declared.real_time = real_time;
            let found = worked(factory).map(Prepared::end).is_ok();
            assert_eq!(
                found,
                live || mode == Mode::Offline,
                "{real_time:?} {mode:?}"
            );
        }
    }
}

/// Keeps a state of as many bytes as it says, or does it wrong.
macro_rules! keepers {
    ($($name:ident: $bytes:expr, $write:expr, $load:expr;)*) => {$(
        #[derive(Params)]
        struct $name;

        impl AudioProcessor for $name {
            const CAPABILITIES: Capabilities = Capabilities {
                state_schema: 1,
                ..Capabilities::DEFAULT
            };

            fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
                audio.copy();
                Ok(Status::Continue)
            }

            fn state_bytes(&self) -> usize {
                $bytes
            }

            fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
                let write: fn(&mut StateWriter<'_>) -> Result<(), Fault> = $write;
                write(state)
            }

            fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
                let load: fn(&mut StateReader<'_>) -> Result<(), Fault> = $load;
                load(state)
            }
        }
    )*};
}

keepers! {
    Keeps: 16, |state| state.u64(1), |state| state.u64().map(|_| ());
    Empty: 0, |_| Ok(()), |_| Ok(());
    Short: 4, |state| state.u64(1), |_| Ok(());
    Deaf: 8, |state| state.u64(1), |_| Err(Fault::new(1, "not mine"));
    Bursts: 8, |_| panic!("while saving"), |_| Ok(());
    Hungry: 8, |state| { count_allocation(1); state.u64(1) }, |state| state.u64().map(|_| ());
    Slow: 8, |state| {
        let began = std::time::Instant::now();
        while began.elapsed() < std::time::Duration::from_millis(3) {
            std::hint::spin_loop();
        }
        state.u64(1)
    }, |state| state.u64().map(|_| ());
}

fn rehearsed(create: Create, mode: Mode) -> Result<usize, String> {
    let factory = factory(create, mode);
    let mut made = factory.make(&|_| {}).unwrap();
    let answer = rehearse(&mut made.occupant.processor, &factory.placement);
    made.end();
    let bytes = answer.map(|rehearsed| rehearsed.bytes);
    bytes.map_err(|fault| fault.to_string())
}

#[test]
fn a_state_that_can_be_handed_over_is_one_that_was() {
    let both = |create: Create, expected: Result<usize, &str>| {
        for mode in [Mode::RealTime, Mode::Offline] {
            let found = rehearsed(create, mode);
            assert_eq!(found, expected.map_err(str::to_owned), "{mode:?}");
        }
    };
    both(built_in::processor::<Keeps>, Ok(16));
    both(
        built_in::processor::<Empty>,
        Err("it keeps no state with these settings"),
    );
    both(
        built_in::processor::<Short>,
        Err("its state is longer than the 4 bytes that it asked for"),
    );
    both(
        built_in::processor::<Deaf>,
        Err("its state could not be read: not mine"),
    );
    for mode in [Mode::RealTime, Mode::Offline] {
        let found = rehearsed(built_in::processor::<Bursts>, mode).unwrap_err();
        assert!(
            found.starts_with("its state could not be written: "),
            "{found}"
        );
    }
}

#[test]
fn what_would_disturb_the_audio_thread_is_handed_over_off_line_only() {
    assert_eq!(
        rehearsed(built_in::processor::<Hungry>, Mode::Offline),
        Ok(8)
    );
    assert_eq!(
        rehearsed(built_in::processor::<Hungry>, Mode::RealTime),
        Err("its state takes 1 heap calls to hand over".to_owned())
    );
    // A block lasts 8 ms here.
    assert_eq!(rehearsed(built_in::processor::<Slow>, Mode::Offline), Ok(8));
    let text = rehearsed(built_in::processor::<Slow>, Mode::RealTime).unwrap_err();
    assert!(
        text.ends_with("ns to hand over, expected at most 2000000: a quarter of a block"),
        "{text}"
    );
}

static HEARD: Mutex<Vec<(u64, f32)>> = Mutex::new(Vec::new());

/// Notes the frames it hears.
#[derive(Params)]
struct Ear;

impl AudioProcessor for Ear {
    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let mut heard = HEARD.lock().unwrap();
        let from = context.position_frames();
        heard.extend((from..).zip(audio.input(0).iter().copied()));
        audio.copy();
        Ok(Status::Continue)
    }
}

/// Has an ear hear a past; answers what it heard and how far.
fn hear(past: &mut Fake, from: Option<u64>) -> (Vec<(u64, f32)>, Result<Primed, Unprimed>) {
    let factory = factory(built_in::processor::<Ear>, Mode::RealTime);
    let mut made = factory.make(&|_| {}).unwrap();
    let from = from.map_or_else(|| start_frames(&factory, &made, past, Depth::Tail), Ok);
    HEARD.lock().unwrap().clear();
    let primed = from.and_then(|from| prime(&factory, &mut made, past, (from, Depth::Tail)));
    made.end();
    (std::mem::take(&mut *HEARD.lock().unwrap()), primed)
}

/// One test at a time listens.
static EAR: Mutex<()> = Mutex::new(());

proptest! {
    #[test]
    fn every_frame_of_the_past_is_heard_once_in_order_and_at_its_place(
        begin in 0u64..3_000,
        length in 0u64..3_000,
        grows in 0u64..30,
        first in 0u64..9_000,
    ) {
        let _one = EAR.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut past = Fake { first, begin, end: begin + length, grows, readings: usize::MAX };
        // 100 ms at 8 kHz.
        let from = (begin + length).saturating_sub(800);
        let (heard, primed) = hear(&mut past, None);
        if from < begin {
            // What is left would not fill it.
            prop_assert_eq!((heard.len(), primed), (0, Err(Unprimed::Gone(from))));
            return Ok(());
        }
        let primed = primed.unwrap();
        let expected: Vec<_> = (from..primed.to_frames).map(|at| (first + at, at as f32)).collect();
        prop_assert_eq!(heard, expected);
        prop_assert_eq!(primed.frames, primed.to_frames - from);
        // It grows slower than it is heard, so that less than a block is missing at the end.
        prop_assert!(past.end - primed.to_frames < u64::from(FRAMES_MAX));
    }
}

#[test]
fn a_tail_is_heard_as_far_as_it_is_kept() {
    let factory = factory(built_in::processor::<Ear>, Mode::RealTime);
    let mut made = factory.make(&|_| {}).unwrap();
    let mut check = |tail_frames, begin, depth, expected| {
        made.timing.tail_frames = tail_frames;
        let past = Fake {
            first: 0,
            begin,
            end: 5_000,
            grows: 0,
            readings: 0,
        };
        let start = start_frames(&factory, &made, &past, depth);
        assert_eq!(start, Ok(expected), "{tail_frames} from {begin} on");
    };
    check(2_000, 0, Depth::Tail, 3_000);
    check(u64::MAX, 0, Depth::Tail, 0);
    // 50 ms at 8 kHz are about to be forgotten.
    check(2_000, 2_800, Depth::Tail, 3_200);
    // 100 ms have to be heard, whatever is about to be forgotten.
    check(2_000, 4_000, Depth::Tail, 4_200);
    check(100, 0, Depth::Tail, 4_200);
    check(2_000, 0, Depth::Least, 4_200);
    made.end();
}

#[test]
fn a_past_that_grows_faster_than_it_is_heard_ends() {
    let _one = EAR.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let grows = u64::from(FRAMES_MAX);
    let mut past = Fake {
        first: 0,
        begin: 0,
        end: 800,
        grows,
        readings: usize::MAX,
    };
    let (_, primed) = hear(&mut past, None);
    assert_eq!(primed.unwrap().frames, 4 * 800 + 16 * 64);
}

#[test]
fn a_past_that_is_gone_is_told() {
    let _one = EAR.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut past = Fake {
        first: 0,
        begin: 0,
        end: 800,
        grows: 0,
        readings: 2,
    };
    let (heard, primed) = hear(&mut past, Some(100));
    assert_eq!((heard.len(), primed), (128, Err(Unprimed::Gone(228))));
}

#[test]
fn a_bypass_is_primed_and_needs_the_layout_of_its_input() {
    let past = Fake {
        first: 0,
        begin: 0,
        end: 1_000,
        grows: 0,
        readings: usize::MAX,
    };
    let prepared = prepare(prepare_request(Mode::RealTime, Some(past))).unwrap();
    assert_eq!(
        prepared
            .primed
            .as_ref()
            .map(|primed| (primed.to_frames, primed.frames)),
        Some((1_000, 800))
    );
    assert_eq!(
        (
            &*prepared.identity.component,
            prepared.made.timing.latency_frames
        ),
        ("bypass", 0)
    );
    assert_eq!(prepared.handoff_bytes, Err(NoHandoff::PassThrough));
    let steps: Vec<_> = prepared
        .steps
        .iter()
        .map(|step| step.step.as_str())
        .collect();
    assert_eq!(steps, ["create", "activate", "silence", "prime"]);
    prepared.end();
    let mut wide = prepare_request(Mode::RealTime, None);
    wide.placement.layout_out = Some(Layout::STEREO);
    assert_eq!(
        prepare(wide).unwrap_err().to_string(),
        "stage `it` turns mono into stereo, so its input cannot be heard in its place"
    );
}
