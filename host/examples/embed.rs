//! A program that drives a session from its own loop, and changes it meanwhile.
//!
//! `cargo build --release && cargo run --release --example embed` plays two seconds of a tone through a
//! gain and an equalizer, in calls of odd sizes, as a device's callback might. Another thread sets a
//! value and swaps the equalizer; the receipts say at which frames that was heard.

use std::error::Error;
use std::io::{Write, stdout};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use segue::admission::{Admission, AdmissionFolders, Helper};
use segue::config::{Color, parse};
use segue::discovery::{FolderOrigin, SearchPlan};
use segue::media::audio::{Format, Layout, SampleFormat};
use segue::observe::{Cause, EventSink, NoSink, Who};
use segue::session::{self, AudioEnd, Embedding, Flow, Opening, Plugins};
use segue::swap::ask::{Answer, Command, ControlEnd, Insert, Swap, Target};

const RATE_HZ: u32 = 48_000;

const CHAIN: &str = r#"
[[stage]]
id = "gain"
component = "segue.gain"

[[stage]]
id = "eq"
component = "segue.filters/eq"
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let (audio, control) = begin()?;
    // In a real program the device calls it; here a thread does, at the pace of the stream.
    let playing = thread::spawn(move || play(audio));
    for (command, why) in changes()? {
        let cause = Cause {
            who: Who::Program {
                name: "embed".to_owned(),
            },
            why: why.to_owned(),
        };
        let answer = control.ask(command, cause)?.recv()?;
        if let Answer::Changed(receipts) = answer {
            for receipt in receipts {
                let at = receipt.heard_at_frames;
                writeln!(stdout(), "{} {}: {at:?}", receipt.action, receipt.stage)?;
            }
        }
    }
    let audio = playing.join().map_err(|_| "the loop panicked")?;
    let report = audio.end();
    writeln!(stdout(), "{} frames", report.stream.frames_in)?;
    Ok(())
}

/// Opens the plugins beside this program, and begins a session over them.
fn begin() -> Result<(AudioEnd, ControlEnd), Box<dyn Error>> {
    let config = parse(CHAIN, Path::new("chain"), &[]);
    let config = config.map_err(|mistakes| mistakes.render(Color::Plain, 80))?;
    let config = Arc::new(config);
    let program = std::env::current_exe()?;
    let built = program.ancestors().nth(2).ok_or("a program has a folder")?;
    let own = std::env::temp_dir().join("segue-embed");
    let events: Arc<dyn EventSink> = Arc::new(NoSink);
    let places = AdmissionFolders {
        store: own.join("store"),
        cache: own.join("cache"),
        state: own.join("state"),
    };
    let helper = Helper {
        program: built.join("segue"),
        arguments: vec![segue::admission::HELPER.into()],
    };
    let mut search = SearchPlan::default();
    search.add(built, FolderOrigin::Argument);
    let plugins: Plugins = session::open(Opening {
        config: &config,
        search,
        cache: None,
        admission: Admission::new(places, Some(helper), Arc::clone(&events)),
        events: Arc::clone(&events),
    })?;
    let begun = session::begin(Embedding {
        config,
        plugins: Arc::new(plugins),
        format: Format::new(RATE_HZ, Layout::STEREO, SampleFormat::F32)?,
        reread: None,
        events,
    })?;
    Ok(begun)
}

/// Two seconds of a tone, in calls of any size.
fn play(mut audio: AudioEnd) -> AudioEnd {
    let (mut frames, mut at) = (1, 0);
    while at < 2 * RATE_HZ as usize {
        frames = 1 + (frames * 7 + 211) % 1_000;
        let tone = |frame: usize| (((at + frame) as f32) * 0.05).sin() * 0.5;
        let input: Vec<f32> = (0..frames).map(tone).collect();
        let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
        if audio.process(&[&input, &input], &mut [&mut left, &mut right]) == Flow::Ends {
            break;
        }
        at += frames;
        thread::sleep(Duration::from_secs_f64(frames as f64 / f64::from(RATE_HZ)));
    }
    audio
}

/// What is changed meanwhile.
fn changes() -> Result<[(Command, &'static str); 2], Box<dyn Error>> {
    let set = Command::Set {
        stage: "gain".parse()?,
        param: "gain_db".to_owned(),
        value: "-6".to_owned(),
    };
    let swap = Command::Swap(Swap {
        target: Target::Stage("eq".parse()?),
        component: None,
        versions: None,
        insert: Insert::Refused,
    });
    Ok([(set, "quieter"), (swap, "another instance")])
}
