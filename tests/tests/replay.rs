//! Replay: what a program's loop played, in calls of any size and with changes of every kind asked
//! for at any moment, a file run plays again to the last bit, where the receipts say when each
//! change came about.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, TryRecvError};

use segue::media::audio::Layout;
use segue::observe::{Cause, ChangeAction, ChangeVerdict, Receipt, Takeover, Who};
use segue::session::{AudioEnd, Flow};
use segue::swap::ask::{Answer, Command, ControlEnd, HeardSignal, Insert, Reload, Swap, Target};
use segue_tests::build::reference;
use segue_tests::desk::Desk;
use segue_tests::embed::Embedder;
use segue_tests::mutate::Dice;
use segue_tests::script::{Changes, Run, SAMPLE_RATE_HZ, Script, assert_same, frame};
use segue_tests::wav::{self, noise};
use serde_json::json;

/// The longest call, as a power of two, and in frames: short ones are as frequent as long ones.
const FRAMES_LOG2_MAX: usize = 13;
const FRAMES_MAX: usize = 10_000;

/// Frames that are played at least.
const FRAMES: usize = 30_000;

/// The most seeds that are tried until changes of every kind came up.
const SEEDS_MAX: u64 = 1_000;

/// How many changes a loop asks for.
const CHANGES: usize = 6;

/// Frames between one change and the next, and after the last: values have glided to their ends.
const REST: usize = 2_000;

/// The stages that are always there, and what each may be.
const STAGES: [&str; 3] = ["gain", "eq", "trim"];
const COMPONENTS: [&str; 3] = [
    "segue.gain",
    "segue.filters/eq",
    "segue.dynamics/compressor",
];

/// A configuration that may be edited.
#[derive(Debug, Clone)]
struct File {
    /// Stages in their order, and what each is.
    stages: Vec<(&'static str, &'static str)>,
    /// The gain of the last stage, in dB.
    gain_db: i64,
    /// Whether the last stage reads the first one beside that before it.
    is_parallel: bool,
}

impl File {
    fn new() -> Self {
        let own = STAGES.into_iter().zip([0, 1, 0].map(|at| COMPONENTS[at]));
        Self {
            stages: own.chain([("more", COMPONENTS[2])]).collect(),
            gain_db: 0,
            is_parallel: false,
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (at, (id, component)) in self.stages.iter().enumerate() {
            write!(
                text,
                "[[stage]]\nid = \"{id}\"\ncomponent = \"{component}\"\n"
            )
            .unwrap();
            let is_last = at + 1 == self.stages.len();
            match *component {
                "segue.gain" if is_last => writeln!(text, "params.gain_db = {}", self.gain_db),
                "segue.filters/eq" => {
                    writeln!(text, "params.band = [{{ type = \"peak\", gain_db = 6.0 }}]")
                }
                _ => Ok(()),
            }
            .unwrap();
            if is_last && self.is_parallel {
                let (first, before) = (self.stages[0].0, self.stages[at - 1].0);
                writeln!(text, "after = [\"{first}\", \"{before}\"]").unwrap();
            }
        }
        text
    }

    /// The same with an edit.
    fn edited(&self, dice: &mut Dice) -> Self {
        let mut file = self.clone();
        let count = file.stages.len();
        match dice.below(6) {
            0 => match file.stages.iter().position(|(id, _)| *id == "more") {
                Some(at) => drop(file.stages.remove(at)),
                None => {
                    let more = ("more", dice.of(&COMPONENTS));
                    file.stages.insert(dice.below(count + 1), more);
                }
            },
            1 => {
                let stage = file.stages.remove(dice.below(count));
                file.stages.insert(dice.below(count), stage);
            }
            2 => file.is_parallel = !file.is_parallel,
            3 => file.stages[dice.below(count)].1 = dice.of(&COMPONENTS),
            4 => file.stages.swap(dice.below(count), dice.below(count)),
            _ => file.gain_db = dice.below(24) as i64 - 12,
        }
        file
    }
}

/// What a loop wants to be changed, how a timeline says it, and the file that it leads to.
struct Wanted {
    command: Command,
    line: String,
    file: Option<File>,
}

impl Wanted {
    /// Something of any kind. Files that are read lie on the desk.
    fn any(dice: &mut Dice, file: &File, number: usize, desk: &Desk) -> Self {
        let id = dice.of(&STAGES);
        let stage = id.parse().unwrap();
        let (command, line) = match dice.below(10) {
            0 => {
                let gain_db = dice.below(24) as i64 - 12;
                let command = Command::Set {
                    stage,
                    param: "gain_db".to_owned(),
                    value: gain_db.to_string(),
                };
                let value = format!("param = \"gain_db\", value = {gain_db}");
                (command, format!("set = {{ stage = \"{id}\", {value} }}"))
            }
            1 => swap(id, None),
            2 => swap(id, Some(dice.of(&COMPONENTS))),
            3 => bypass(id, HeardSignal::Bypassed, "bypass"),
            4 => bypass(id, HeardSignal::Processed, "restore"),
            5 => {
                let line = format!("rollback = {{ stage = \"{id}\" }}");
                (Command::Rollback { stage }, line)
            }
            kind => return Self::edit(file.edited(dice), number, desk, kind % 2 == 0),
        };
        Self {
            command,
            line,
            file: None,
        }
    }

    /// Another configuration, from another file or from its own; a replay takes both from another,
    /// since its own has one content only.
    fn edit(file: File, number: usize, desk: &Desk, is_other: bool) -> Self {
        let name = format!("{number}.toml");
        let path = desk.write(&name, file.text());
        let command = match is_other {
            true => Command::Edit { path },
            false => {
                desk.write("plugins.toml", file.text());
                Command::Reload(Reload::Apply(Insert::Refused))
            }
        };
        Self {
            command,
            line: format!("edit = {{ config = \"{name}\" }}"),
            file: Some(file),
        }
    }
}

fn swap(id: &str, component: Option<&str>) -> (Command, String) {
    let command = Command::Swap(Swap {
        target: Target::Stage(id.parse().unwrap()),
        component: component.map(|component| component.parse().unwrap()),
        versions: None,
        insert: Insert::Refused,
    });
    let more = component.map(|component| format!(", component = \"{component}\""));
    let more = more.unwrap_or_default();
    (command, format!("swap = {{ stage = \"{id}\"{more} }}"))
}

fn bypass(id: &str, way: HeardSignal, word: &str) -> (Command, String) {
    let command = Command::Bypass {
        stage: id.parse().unwrap(),
        way,
    };
    (command, format!("{word} = {{ stage = \"{id}\" }}"))
}

fn ask(control: &ControlEnd, command: Command) -> Receiver<Answer> {
    let cause = Cause {
        who: Who::Program {
            name: "embedder".to_owned(),
        },
        why: String::new(),
    };
    control.ask(command, cause).unwrap()
}

/// How one change came about, as its receipts say, for a timeline: where it begins there, and what
/// it says.
fn came_about(receipts: &[Receipt], line: &str) -> Option<(usize, String)> {
    for receipt in receipts {
        assert_eq!(receipt.verdict, ChangeVerdict::Done, "{line}: {receipt:?}");
    }
    let applied = receipts.iter().find_map(|one| one.applied_at_frames)?;
    let states = receipts.iter().find_map(|one| one.states_at_frames);
    let mut begins = states.map_or(applied, |states| states.min(applied));
    let mut fades = String::new();
    for receipt in receipts {
        let Some(Takeover::Fade {
            primed_from_frames: from,
            primed_to_frames: to,
            ..
        }) = receipt.takeover
        else {
            continue;
        };
        let primed = from.zip(to).map(|(from, to)| {
            begins = begins.min(to);
            format!(", primed_from_frames = {from}, primed_to_frames = {to}")
        });
        let primed = primed.unwrap_or_default();
        write!(fades, "{{ stage = \"{}\"{primed} }}, ", receipt.stage).unwrap();
    }
    // Each instance hears what it heard as soon as that is there.
    let primed = receipts.iter().filter_map(|one| match one.takeover {
        Some(Takeover::Fade {
            primed_to_frames, ..
        }) => primed_to_frames,
        _ => None,
    });
    begins = primed.max().unwrap_or(begins).max(begins);
    let states = states.map_or_else(String::new, |at| format!("states_at_frames = {at}, "));
    let replay = format!("replay = {{ applied_at_frames = {applied}, {states}fades = [{fades}] }}");
    Some((begins as usize, format!("{line}\n{replay}")))
}

/// A loop that plays noise.
struct Loop<'a> {
    dice: Dice,
    audio: AudioEnd,
    control: ControlEnd,
    source: &'a [f32],
    output: Vec<f32>,
}

impl Loop<'_> {
    /// One call, of any size.
    fn call(&mut self) {
        let most = 1 << self.dice.below(FRAMES_LOG2_MAX + 1);
        let frames = 1 + self.dice.below(most + most / 4).min(FRAMES_MAX - 1);
        let (input, rest) = self.source.split_at_checked(frames).expect("changes end");
        self.source = rest;
        let start = self.output.len();
        self.output.resize(start + frames, f32::NAN);
        let flow = self
            .audio
            .process(&[input], &mut [&mut self.output[start..]]);
        assert_eq!(flow, Flow::Goes);
    }

    fn rest(&mut self) {
        let end = self.output.len() + REST;
        while self.output.len() < end {
            self.call();
        }
    }

    /// Pauses or resumes, where that is wanted.
    fn turn(&mut self, is_wanted: bool, command: Command) {
        if is_wanted {
            let answer = ask(&self.control, command);
            assert!(matches!(self.answer(&answer), Answer::Done(_)));
        }
    }

    /// Plays until an answer is there. Now and then it stands still until the conductor has looked.
    fn answer(&mut self, answer: &Receiver<Answer>) -> Answer {
        loop {
            match answer.try_recv() {
                Ok(answer) => return answer,
                Err(TryRecvError::Empty) => self.call(),
                Err(TryRecvError::Disconnected) => panic!("the session ended"),
            }
            if self.dice.below(4) > 0 {
                self.control.status().unwrap();
            }
        }
    }
}

/// What a loop played, and a timeline of what it changed.
struct Played {
    output: Vec<f32>,
    changes: Changes,
    /// What was done, and whether a fade or a state took over.
    done: Vec<(ChangeAction, &'static str)>,
}

/// Plays, and changes this and that on the way.
fn play(embedder: &Embedder, desk: &Desk, source: &[f32], seed: u64) -> Played {
    let (audio, control) = embedder.begin(Layout::MONO);
    let mut one = Loop {
        dice: Dice::new(seed),
        audio,
        control,
        source,
        output: Vec::new(),
    };
    let (mut file, mut lines) = (File::new(), Vec::new());
    one.rest();
    for number in 0..CHANGES {
        // A loop goes on all the same; what is asked meanwhile may be answered before it is applied.
        let is_paused = one.dice.below(4) == 0;
        one.turn(is_paused, Command::Pause);
        let wanted = Wanted::any(&mut one.dice, &file, number, desk);
        let answer = ask(&one.control, wanted.command);
        match one.answer(&answer) {
            Answer::Changed(receipts) => {
                lines.push((Some(receipts[0].change), one.output.len(), wanted.line));
                file = wanted.file.unwrap_or(file);
            }
            // Nothing differs from what runs, and later files are held against this one.
            Answer::Done(_) if wanted.file.is_some() => {
                lines.push((None, one.output.len(), wanted.line));
                file = wanted.file.unwrap_or(file);
            }
            // Something that is asked for is so already, or cannot be.
            Answer::Done(_) | Answer::Refused(_) => {}
            other => panic!("{}: {other:?}", wanted.line),
        }
        one.turn(is_paused, Command::Resume);
        one.rest();
    }
    while one.output.len() < FRAMES {
        one.call();
    }
    let report = one.audio.end();
    assert_eq!(report.degraded, [""; 0], "seed {seed}");
    let (mut changes, mut done) = (Changes::new(), Vec::new());
    for (number, answered, line) in lines {
        let receipts = report.changes.iter();
        let receipts = receipts.filter(|one| Some(one.change) == number);
        let receipts: Vec<_> = receipts.cloned().collect();
        done.extend(receipts.iter().map(|one| (one.action, how(one))));
        let (at, line) = came_about(&receipts, &line).unwrap_or((answered, line));
        changes = changes.at(at, &line);
    }
    Played {
        output: one.output,
        changes,
        done,
    }
}

fn how(receipt: &Receipt) -> &'static str {
    match receipt.takeover {
        Some(Takeover::Handoff { .. }) => "state",
        Some(Takeover::Fade { .. }) => "fade",
        None => "",
    }
}

/// The seeds that are tried: some of them in every run of the tests, and many where somebody has the
/// time.
fn seeds() -> std::ops::Range<u64> {
    match std::env::var("SEGUE_TEST_SEEDS") {
        Ok(one) => {
            let one = one.parse().unwrap();
            one..one + 1
        }
        Err(_) if std::env::var_os("SEGUE_LONG").is_some() => 0..200,
        Err(_) => 0..40,
    }
}

fn installed() -> Desk {
    let desk = Desk::new();
    let all = ["segue-gain", "segue-filters", "segue-dynamics"];
    desk.install(all.map(|name| reference().file(name)));
    desk
}

/// Frames that no loop comes to the end of.
const SOURCE_FRAMES: usize = 2_000_000;

#[test]
fn what_a_loop_played_is_what_a_file_run_plays_where_the_receipts_say() {
    let text = File::new().text();
    let source = noise(1, SOURCE_FRAMES);
    let script = Script::new(installed(), vec![source[..1].to_vec()], &text);
    let embedder = Embedder::open(&script.desk, &text);
    let (seeds, mut all) = (seeds(), Vec::new());
    let is_one = seeds.end - seeds.start == 1;
    // How a change comes about depends on its moment: what is rare may take longer.
    let more = seeds.end..if is_one { seeds.end } else { SEEDS_MAX };
    for seed in seeds.clone().chain(more) {
        if seed >= seeds.end && missing(&all).is_empty() {
            break;
        }
        script.desk.write("plugins.toml", &text);
        let played = play(&embedder, &script.desk, &source, seed);
        script.desk.write("plugins.toml", &text);
        check(&script, &source[..played.output.len()], &played, seed);
        all.extend(played.done);
    }
    assert!(is_one || missing(&all).is_empty(), "{:?}", missing(&all));
}

fn check(script: &Script, source: &[f32], played: &Played, seed: u64) {
    let path: &Path = &script.desk.path("in.wav");
    wav::write(path, SAMPLE_RATE_HZ, &[source.to_vec()]);
    let what = format!("seed {seed} with\n{}", played.changes.text());
    let run = script.changed(&played.changes);
    assert_eq!(run.report["degraded"], json!([]), "{what}");
    let run = run.expect(0);
    assert_same(std::slice::from_ref(&played.output), &run.output, &what);
}

/// The kinds of changes that did not come up.
fn missing(done: &[(ChangeAction, &'static str)]) -> Vec<(ChangeAction, &'static str)> {
    let kinds = [
        (ChangeAction::Set, ""),
        (ChangeAction::Swap, "state"),
        (ChangeAction::Swap, "fade"),
        (ChangeAction::Bypass, "fade"),
        (ChangeAction::Restore, "fade"),
        (ChangeAction::Rollback, "fade"),
        (ChangeAction::Reload, "fade"),
        (ChangeAction::Add, ""),
        (ChangeAction::Remove, ""),
        (ChangeAction::Move, ""),
    ];
    let is_missing = |kind: &(ChangeAction, &'static str)| !done.contains(kind);
    kinds.into_iter().filter(is_missing).collect()
}

/// A run with one change, and with how it came about in another.
fn replayed(script: &Script, at: usize, action: &str, replay: &str) -> Run {
    let line = format!("{action}\nreplay = {{ {replay} }}");
    script.changed(&Changes::new().at(at, &line))
}

#[test]
fn a_change_that_comes_about_otherwise_than_its_replay_says_degrades_the_run() {
    let text = File::new().text();
    let script = Script::new(installed(), vec![noise(2, FRAMES)], &text);
    script.desk.write("same.toml", &text);
    let swap = "swap = { stage = \"gain\", component = \"segue.filters/eq\" }";
    let first = script.changed(&Changes::new().at(10_000, swap)).expect(0);
    let (receipt, fade) = (first.receipt(), &first.receipt()["takeover"]);
    let applied = frame(receipt, "applied_at_frames");
    let [from, to] = ["primed_from_frames", "primed_to_frames"].map(|key| frame(fade, key));
    let fades = |stage: &str, from: usize| {
        let primed = format!("primed_from_frames = {from}, primed_to_frames = {to}");
        format!("{{ stage = \"{stage}\", {primed} }}")
    };
    let says = |more: &str| format!("applied_at_frames = {applied}, {more}");
    let right = says(&format!("fades = [{}]", fades("gain", from)));
    let same = replayed(&script, to, swap, &right).expect(0);
    assert_same(&same.output, &first.output, "replayed");

    let edit = "edit = { config = \"same.toml\" }";
    let two = format!("fades = [{}, {}]", fades("gain", from), fades("eq", from));
    let states = format!(
        "states_at_frames = {applied}, fades = [{}]",
        fades("gain", from)
    );
    for (action, replay, expected) in [
        (swap, says(""), "`gain` was faded in ("),
        (swap, says(&two), "no new instance of `eq` was faded in"),
        (
            swap,
            says(&states),
            "states were written: no state, expected frame",
        ),
        (
            edit,
            says(""),
            "nothing differs from what runs, expected a change",
        ),
    ] {
        let run = replayed(&script, to, action, &replay).expect(4);
        let told = run.report["degraded"].to_string();
        for word in [
            expected,
            "changes.toml line 1",
            "did not come about as `replay` says",
        ] {
            assert!(told.contains(word), "{word}: {told}\n{replay}");
        }
    }
}
