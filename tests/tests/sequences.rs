//! A thousand sequences of every kind of change, on a tone, on notes, on noise and in silence:
//! nothing clicks, and nothing is louder than the chains before and after a change.
//!
//! The input repeats itself after a period, so that a chain at rest does, too: what the chain
//! before a change gives is known from the last period before it, what the one after gives from the
//! last period before the next change. That these are what the files give on their own is looked at
//! once for each file.

use std::collections::BTreeMap;
use std::ops::Range;

use segue_tests::build::reference;
use segue_tests::desk::Desk;
use segue_tests::mutate::Dice;
use segue_tests::script::{Changes, SAMPLE_RATE_HZ, Script, sine};
use segue_tests::signals::{PERIOD_FRAMES, music, repeated};
use segue_tests::watch::{Bends, Finding, Usual, watch};
use segue_tests::wav;

/// How many frames lie between two changes: three periods, of which the first two are for the
/// change and for compressors to come to rest, and the last is the chain at rest.
const DISTANCE_FRAMES: usize = 3 * PERIOD_FRAMES;

/// How many sequences one run has, one after the other.
const SEQUENCES: u64 = 125;

/// The most latency of a chain: by so much earlier a change is heard in a file, out of which the
/// latency is taken.
const LATENCY_FRAMES_MAX: usize = 480;

/// How far a chain at rest may be from what its file gives on its own.
const REST_DB_MAX: f64 = 0.2;

/// Another value for a parameter.
macro_rules! set {
    ($stage:literal, $param:literal, $value:literal) => {
        concat!(
            "set = { stage = \"",
            $stage,
            "\", param = \"",
            $param,
            "\", value = ",
            $value,
            " }"
        )
    };
}
const EQ: &str = r#"[[stage]]
id = "eq"
component = "segue.filters/eq"
params.band = [
    { type = "peak", frequency_hz = 1000, gain_db = 6, q = 1.0 },
    { type = "low-shelf", frequency_hz = 300, gain_db = -4 },
    { type = "off", frequency_hz = 2000, gain_db = -6 },
]
"#;
const BOOST: &str = "[[stage]]\nid = \"boost\"\ncomponent = \"segue.gain\"\nparams.gain_db = 12\n";
const CUT: &str = "[[stage]]\nid = \"cut\"\ncomponent = \"segue.gain\"\nparams.gain_db = -12\n";
/// It remembers less than a fade lasts, and so does the limiter: one that is slower overshoots where
/// what it hears becomes louder, by a fade as by the music itself (`order.rs` holds it to that).
const COMPRESS: &str = "[[stage]]\nid = \"compress\"\ncomponent = \"segue.dynamics/compressor\"\n\
    params = { threshold_db = -24, ratio = 2, attack_ms = 0.5, release_ms = 10 }\n";
const LIMIT: &str = "[[stage]]\nid = \"limit\"\ncomponent = \"segue.dynamics/limiter\"\n\
    params.release_ms = 5\n";
const ECHO: &str = "[[stage]]\nid = \"echo\"\ncomponent = \"segue.delay/delay\"\n\
    params = { delay_ms = 7, feedback = 0.3, mix = 0.3 }\n";

/// The files that a session goes through; the first is the one that it starts with.
const FILES: [&[&str]; 8] = [
    &[EQ, BOOST, CUT, COMPRESS],
    &[EQ, CUT, BOOST, COMPRESS],
    &[COMPRESS, EQ, BOOST, CUT],
    &[BOOST, COMPRESS, CUT, EQ],
    &[EQ, BOOST, CUT, COMPRESS, ECHO, LIMIT],
    &[EQ, COMPRESS],
    &[CUT, ECHO, EQ, BOOST],
    &[BOOST, EQ, LIMIT, COMPRESS, CUT],
];

/// What is done to a stage, and how it is undone: by the stage, so that only files that have it are
/// asked for it. What is undone is as the file says, since overrides outlive another file.
const KINDS: [(&str, &str, &str); 18] = [
    (
        "eq",
        set!("eq", "band.1.type", "\"off\""),
        set!("eq", "band.1.type", "\"peak\""),
    ),
    (
        "eq",
        set!("eq", "band.1.type", "\"high-pass\""),
        "reset = { key = \"eq\" }",
    ),
    (
        "eq",
        set!("eq", "band.1.type", "\"notch\""),
        set!("eq", "band.1.type", "\"peak\""),
    ),
    (
        "eq",
        set!("eq", "band.1.type", "\"low-pass\""),
        "reset = {}",
    ),
    (
        "eq",
        set!("eq", "band.3.type", "\"high-shelf\""),
        "reset = {}",
    ),
    (
        "eq",
        set!("eq", "band.1.frequency_hz", "60"),
        set!("eq", "band.1.frequency_hz", "1000"),
    ),
    (
        "eq",
        set!("eq", "band.1.frequency_hz", "9000"),
        "reset = {}",
    ),
    ("eq", set!("eq", "band.2.gain_db", "6"), "reset = {}"),
    (
        "eq",
        "bypass = { stage = \"eq\" }",
        "restore = { stage = \"eq\" }",
    ),
    (
        "eq",
        "swap = { stage = \"eq\" }",
        "rollback = { stage = \"eq\" }",
    ),
    (
        "eq",
        "swap = { stage = \"eq\", component = \"segue.gain\" }",
        "rollback = { stage = \"eq\" }",
    ),
    (
        "boost",
        "bypass = { stage = \"boost\" }",
        "restore = { stage = \"boost\" }",
    ),
    ("boost", set!("boost", "gain_db", "-12"), "reset = {}"),
    (
        "cut",
        "bypass = { stage = \"cut\" }",
        "reset = { key = \"cut\" }",
    ),
    (
        "compress",
        "bypass = { stage = \"compress\" }",
        "restore = { stage = \"compress\" }",
    ),
    (
        "compress",
        "swap = { stage = \"compress\", component = \"segue.dynamics/gate\" }",
        "rollback = { stage = \"compress\" }",
    ),
    (
        "echo",
        "bypass = { stage = \"echo\" }",
        "restore = { stage = \"echo\" }",
    ),
    ("limit", "bypass = { stage = \"limit\" }", "reset = {}"),
];

/// One change, and what it is for messages.
struct Change {
    at_frame: usize,
    action: String,
    /// The file that runs from then on as it is, where one does.
    file: Option<usize>,
}

/// Four changes for each sequence: to another file, two of one stage, and back to the first file.
fn changes(first_seed: u64, sequences: u64) -> Vec<Change> {
    let mut all = Vec::new();
    for seed in first_seed..first_seed + sequences {
        let mut dice = Dice::new(seed);
        let file = 1 + dice.below(FILES.len() - 1);
        let stages = FILES[file].concat();
        let fitting = KINDS
            .iter()
            .filter(|(stage, ..)| stages.contains(&format!("\"{stage}\"")));
        let fitting: Vec<_> = fitting.collect();
        let (_, done, undone) = fitting[dice.below(fitting.len())];
        let edit = format!("edit = {{ config = \"file-{file}.toml\" }}");
        let steps = [
            (edit, Some(file)),
            ((*done).to_owned(), None),
            ((*undone).to_owned(), None),
            ("reload = {}".to_owned(), Some(0)),
        ];
        for (action, file) in steps {
            // Anywhere in a period: where a change falls is part of the sequence.
            let at_frame = (all.len() + 2) * DISTANCE_FRAMES + dice.below(PERIOD_FRAMES);
            all.push(Change {
                at_frame,
                action,
                file,
            });
        }
    }
    all
}

fn script(input: Vec<f32>) -> Script {
    let desk = Desk::new();
    let plugins = [
        "segue-gain",
        "segue-dynamics",
        "segue-delay",
        "segue-filters",
    ];
    desk.install(plugins.map(|name| reference().file(name)));
    for (number, file) in FILES.iter().enumerate() {
        desk.write(&format!("file-{number}.toml"), file.concat());
    }
    Script::new(desk, vec![input], &FILES[0].concat())
}

/// A period of the output, again and again over a range, in step with it.
fn at_rest(output: &[f32], period: Range<usize>, range: Range<usize>) -> Vec<f32> {
    let first = period.start;
    let sample = |frame: usize| {
        let phase = (frame + PERIOD_FRAMES * range.len() - first) % PERIOD_FRAMES;
        output[first + phase]
    };
    range.clone().map(sample).collect()
}

/// Makes so many frames of a signal.
type Signal = fn(usize) -> Vec<f32>;

/// Some sequences in one run of a signal.
fn check(signal: Signal, usual: Usual, first_seed: u64) {
    let changes = changes(first_seed, SEQUENCES);
    let frames = (changes.len() + 3) * DISTANCE_FRAMES;
    let script = script(signal(frames));
    let listed = changes.iter().fold(Changes::new(), |listed, change| {
        listed.at(change.at_frame, &change.action)
    });
    let run = script.changed(&listed).expect(0);
    for receipt in run.receipts() {
        assert_eq!(receipt["verdict"], "done", "{receipt:#}");
    }
    let output = &run.output[0];
    let mut rests = BTreeMap::new();
    let mut findings: Vec<(usize, String, Vec<Finding>)> = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        let begin = change.at_frame - LATENCY_FRAMES_MAX;
        let next = changes.get(at + 1).map_or(frames, |next| next.at_frame);
        let end = next - LATENCY_FRAMES_MAX;
        let (old, new) = (begin - PERIOD_FRAMES..begin, end - PERIOD_FRAMES..end);
        let around = begin - 1_000..end;
        let chains = [old, new.clone()].map(|rest| at_rest(output, rest, around.clone()));
        let chains = [&chains[0][..], &chains[1][..]];
        let part = &output[around.clone()];
        let found = watch(part, 500..part.len() - 500, chains, usual);
        if !found.is_empty() {
            findings.push((at, change.action.clone(), found));
        }
        if let Some(file) = change.file {
            rests.insert(file, new);
        }
    }
    assert!(
        findings.is_empty(),
        "seeds from {first_seed}: {}",
        told(&findings)
    );
    for (file, rest) in rests {
        check_alone(&script, file, &output[rest.clone()], rest);
    }
}

/// The findings of a run, each change with its worst.
fn told(findings: &[(usize, String, Vec<Finding>)]) -> String {
    let line = |(at, action, found): &(usize, String, Vec<Finding>)| {
        let (seed, step) = (at / 4, at % 4);
        let (first, count) = (found[0], found.len());
        format!("\nsequence {seed}, step {step}, {action}: {count} findings, from {first:?}")
    };
    let lines: Vec<_> = findings.iter().map(line).collect();
    format!("{} changes are heard{}", lines.len(), lines.concat())
}

/// A period of a chain at rest is what its file gives on its own, as loud.
fn check_alone(script: &Script, file: usize, rest: &[f32], range: Range<usize>) {
    let alone = alone(script, file);
    let from = 6 * PERIOD_FRAMES + range.start % PERIOD_FRAMES;
    let level = |part: &[f32]| {
        let squares = part
            .iter()
            .map(|sample| f64::from(*sample) * f64::from(*sample));
        (squares.sum::<f64>() / part.len() as f64).sqrt() + 1e-6
    };
    let far_db = 20.0 * (level(rest) / level(&alone[from..from + PERIOD_FRAMES])).log10();
    assert!(
        far_db.abs() < REST_DB_MAX,
        "file {file}: {far_db} dB from what it gives alone"
    );
}

/// What a file gives on its own, of the first periods of a script's input.
fn alone(script: &Script, file: usize) -> Vec<f32> {
    let part = script.input[0][..8 * PERIOD_FRAMES].to_vec();
    let name = format!("file-{file}.toml");
    wav::write(&script.desk.path("alone.wav"), SAMPLE_RATE_HZ, &[part]);
    let arguments = [
        "run",
        "alone.wav",
        "alone-out.wav",
        "--config",
        &name,
        "--overwrite",
    ];
    script.desk.segue(arguments).expect(0);
    wav::read(&script.desk.path("alone-out.wav")).remove(0)
}

fn tone(frames: usize) -> Vec<f32> {
    sine(1_000.0, 0.2, frames)
}

fn noise(frames: usize) -> Vec<f32> {
    let period = wav::noise(77, PERIOD_FRAMES);
    let period: Vec<_> = period.iter().map(|sample| sample * 0.5).collect();
    repeated(&period, frames)
}

fn silence(frames: usize) -> Vec<f32> {
    vec![0.0; frames]
}

/// A thousand sequences, in as many tests as run beside each other.
macro_rules! sequences {
    ($($name:ident: $signal:ident, $usual:ident, $from:literal,)*) => {
        $(
            #[test]
            fn $name() {
                check($signal, Usual::$usual, $from);
            }
        )*
    };
}

sequences! {
    sequences_0_to_124_on_a_tone: tone, SINE, 0,
    sequences_125_to_249_on_a_tone: tone, SINE, 125,
    sequences_250_to_374_on_notes: music, MUSIC, 250,
    sequences_375_to_499_on_notes: music, MUSIC, 375,
    sequences_500_to_624_on_noise: noise, NOISE, 500,
    sequences_625_to_749_on_noise: noise, NOISE, 625,
    sequences_750_to_874_in_silence: silence, SILENCE, 750,
    sequences_875_to_999_in_silence: silence, SILENCE, 875,
}

#[test]
fn no_file_alone_bends_a_signal_more_than_is_usual() {
    let signals: [(Signal, Usual); 4] = [
        (tone, Usual::SINE),
        (music, Usual::MUSIC),
        (noise, Usual::NOISE),
        (silence, Usual::SILENCE),
    ];
    for (signal, usual) in signals {
        let script = script(signal(8 * PERIOD_FRAMES));
        for file in 0..FILES.len() {
            let bends = Bends::of(&alone(&script, file));
            let looked_at = 2 * PERIOD_FRAMES..7 * PERIOD_FRAMES;
            let times = looked_at.map(|frame| bends.times_usual(frame));
            let times = times.fold(0.0, f64::max);
            println!("file {file}, {usual:?}: {times}");
            assert!(times < usual.0, "file {file}, {usual:?}: {times}");
        }
    }
}

#[test]
fn every_kind_of_change_is_among_the_sequences() {
    let all = changes(0, 1_000);
    for (_, done, undone) in KINDS {
        for action in [done, undone] {
            assert!(all.iter().any(|change| change.action == action), "{action}");
        }
    }
    for file in 0..FILES.len() {
        assert!(all.iter().any(|change| change.file == Some(file)), "{file}");
    }
}
