//! Mortal: a processor whose instances live and die as they are told, one after the other.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use segue_plugin::prelude::*;

use crate::misbehaves::round_toward_zero;

/// How many instances were created in this process.
static BORN: AtomicUsize = AtomicUsize::new(0);

/// How long a slow activation takes, and the one slow block of an instance.
const SLOW: Duration = Duration::from_millis(250);

/// What a hoarder takes in every block, in bytes.
const HOARD_BYTES: usize = 1 << 20;

/// How an instance dies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Choices)]
enum Death {
    #[default]
    Fault,
    Panic,
    NotANumber,
    RoundsTowardZero,
    Unsupported,
    Slow,
    Hoards,
}

/// What becomes of one instance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Fate {
    /// It lives.
    #[default]
    Well,
    /// It is not created.
    Create,
    /// It is not activated.
    Activate,
    /// It takes its time to be activated, then lives.
    Slowly,
    /// It dies in the block with this frame of the stream.
    At(u64),
    /// It dies in the block with this frame of its own life.
    After(u64),
}

/// A gain that is late.
#[derive(Params)]
pub(crate) struct Mortal {
    /// How late.
    #[param(unit = "frames", range = 0.0..=100_000.0, default = 0.0, reactivates)]
    late_frames: f64,
    /// What every sample is multiplied with.
    #[param(range = -4.0..=4.0, default = 1.0)]
    gain: f64,
    /// How it dies.
    #[param(default = Death::Fault)]
    death: Death,
    fate: Fate,
    age_frames: u64,
    lines: Vec<Vec<f32>>,
    at: usize,
    hoard: Vec<Box<[u8]>>,
    was_slow: bool,
}

impl AudioProcessor for Mortal {
    const CAPABILITIES: Capabilities = Capabilities {
        latency: Span::Varies,
        ..Capabilities::DEFAULT
    };
    const SETTINGS: &'static [SettingDecl] = &[SettingDecl {
        id: "lives",
        doc: "What becomes of each instance, in the order of their creation: `well`, `create`, \
              `activate`, `slowly`, `at 9984`, `after 100`. Those that are not named are well.",
        value: SettingKind::List {
            items_max: 64,
            bytes_max: 32,
        },
        need: Need::Optional,
    }];
    const OUTPUTS: &'static [OutputDecl] = &[OutputDecl {
        id: "age_frames",
        doc: "How many frames this instance has seen.",
        unit: "frames",
        min: 0.0,
        max: f64::MAX,
    }];

    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let mut mortal = Self::with_defaults();
        let mut lives = setup.list("lives").peekable();
        if lives.peek().is_some() {
            let place = BORN.fetch_add(1, Ordering::Relaxed);
            mortal.fate = lives.nth(place).map(fate).unwrap_or_default();
        }
        match mortal.fate {
            Fate::Create => Err(Refusal::new("stillborn, as told")),
            _ => Ok(mortal),
        }
    }

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        match self.fate {
            Fate::Activate => return Err(Refusal::new("does not wake up, as told")),
            Fate::Slowly => std::thread::sleep(SLOW),
            Fate::Well | Fate::Create | Fate::At(_) | Fate::After(_) => {}
        }
        let frames = self.late_frames as usize;
        self.lines = vec![vec![0.0; frames]; activation.channels()];
        self.hoard.reserve(10_000);
        Ok(Timing {
            latency_frames: frames as u64,
            ..Timing::NONE
        })
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let frames = audio.frames() as u64;
        let (position, age) = (context.position_frames(), self.age_frames);
        let dies = match self.fate {
            Fate::At(frame) => frame < position + frames,
            Fate::After(frame) => frame < age + frames,
            Fate::Well | Fate::Create | Fate::Activate | Fate::Slowly => false,
        };
        self.age_frames += frames;
        context.output(0, self.age_frames as f64);
        self.play(audio);
        if dies {
            self.die(audio)
        } else {
            Ok(Status::Continue)
        }
    }
}

impl Mortal {
    fn play(&mut self, audio: &mut Io<'_>) {
        let (mut end, gain) = (self.at, self.gain as f32);
        for (channel, line) in self.lines.iter_mut().enumerate() {
            let (input, output) = audio.channel(channel);
            end = self.at;
            for (out, sample) in output.iter_mut().zip(input) {
                let Some(place) = line.get_mut(end) else {
                    *out = *sample * gain; // A line without room delays nothing.
                    continue;
                };
                *out = std::mem::replace(place, *sample) * gain;
                end = (end + 1) % line.len();
            }
        }
        self.at = end;
    }

    fn die(&mut self, audio: &mut Io<'_>) -> Result<Status, Fault> {
        match self.death {
            Death::Fault => return Err(Fault::new(7, "its time has come")),
            Death::Unsupported => return Err(Fault::UNSUPPORTED),
            Death::Panic => panic!("its time has come"),
            Death::NotANumber => audio.output(0)[0] = f32::NAN,
            Death::RoundsTowardZero => round_toward_zero(),
            Death::Slow if !self.was_slow => {
                self.was_slow = true;
                let began = Instant::now();
                while began.elapsed() < SLOW {
                    std::hint::spin_loop();
                }
            }
            Death::Slow => {}
            Death::Hoards => self.hoard.push(black_box(vec![1; HOARD_BYTES].into())),
        }
        Ok(Status::Continue)
    }
}

/// Reads what becomes of an instance; what cannot be read is well.
fn fate(text: &str) -> Fate {
    let number = |text: &str| text.trim().parse().unwrap_or(0);
    match text.split_once(' ') {
        Some(("at", frame)) => Fate::At(number(frame)),
        Some(("after", frame)) => Fate::After(number(frame)),
        _ if text == "create" => Fate::Create,
        _ if text == "activate" => Fate::Activate,
        _ if text == "slowly" => Fate::Slowly,
        _ => Fate::Well,
    }
}
