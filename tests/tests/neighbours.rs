//! Plugins that do to the process what a good neighbour does not: they print, end it, die in it,
//! fork it, move it. Audio and reports stay what they are, and words say who did it.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use segue_tests::air::Air;
use segue_tests::build::{executable, test_plugin};
use segue_tests::desk::{Answer, Desk, answer};
use segue_tests::wav;
use serde_json::Value;

/// The frames of the input.
const FRAMES: usize = 4_800;

/// The phases in which `test.prints` prints, in the order of its words.
const PHASES: [&str; 6] = [
    "printed in the constructor",
    "printed in create",
    "printed in activate",
    "printed in process",
    "printed in deactivate",
    "printed in drop, without an end of the line",
];

/// A desk with a second of a constant and this plugin.
fn desk(plugin: &str) -> Desk {
    let desk = Desk::new();
    desk.install([test_plugin(plugin)]);
    wav::write(&desk.path("in.wav"), 48_000, &[vec![0.25; FRAMES]]);
    desk
}

/// A run of `test.neighbour` that does this in its first block.
fn neighbour(desk: &Desk, how: &str) -> Answer {
    let how = format!("neighbour.how={how}");
    let arguments = [
        "run",
        "in.wav",
        "out.wav",
        "--overwrite",
        "--stage",
        "test.neighbour",
    ];
    desk.segue(arguments.iter().chain(&["--set", &how]))
}

/// A run of `test.prints` over raw samples on standard input; the first argument is the output.
#[track_caller]
fn raw(desk: &Desk, arguments: &[&str]) -> Answer {
    let first = ["run", "-"].iter().chain(arguments);
    let stage = ["--raw", "f32le:48000:1", "--stage", "test.prints"];
    let input = 0.25_f32.to_le_bytes().repeat(FRAMES);
    answer(&mut desk.command(first.chain(&stage)), &input).expect(0)
}

/// The next start over the same state, with a plugin that behaves.
fn next_start(desk: &Desk) -> String {
    neighbour(desk, "behaves").expect(0).err
}

fn float_samples(bytes: &[u8]) -> Vec<f32> {
    let (samples, rest) = bytes.as_chunks::<4>();
    assert_eq!(rest, [0; 0]);
    samples
        .iter()
        .map(|sample| f32::from_le_bytes(*sample))
        .collect()
}

#[test]
fn what_a_plugin_prints_is_in_no_audio_and_said_in_every_phase() {
    let desk = desk("prints");
    let ran = raw(&desk, &["-"]);
    assert_eq!(float_samples(&ran.out), vec![0.25; FRAMES], "{}", ran.err);
    for phase in PHASES {
        let line = format!("plugin output: {phase}");
        assert!(ran.err.contains(&line), "{line} is not in\n{}", ran.err);
    }
    assert_clean(&ran.err);
}

/// Nothing in what is said steers a terminal.
#[track_caller]
fn assert_clean(said: &str) {
    let steers = |character: &char| {
        (character.is_control() && !matches!(character, '\n' | '\t')) || *character == '\u{202e}'
    };
    assert_eq!(said.chars().find(steers), None, "{said:?}");
}

#[test]
fn what_a_plugin_prints_is_in_no_report() {
    let desk = desk("prints");
    let arguments = [
        "run",
        "in.wav",
        "out.wav",
        "--stage",
        "test.prints",
        "--report",
        "-",
    ];
    let ran = desk.segue(arguments).expect(0);
    assert_eq!(ran.json()["stream"]["frames_in"], FRAMES);
}

#[test]
fn what_a_plugin_prints_is_in_no_file_on_a_pipe() {
    let desk = desk("prints");
    let ran = desk
        .segue(["run", "in.wav", "-", "--stage", "test.prints"])
        .expect(0);
    desk.write("heard.wav", &ran.out);
    assert_eq!(wav::read(&desk.path("heard.wav")), [vec![0.25; FRAMES]]);
}

#[test]
fn the_names_of_the_standard_streams_mean_what_they_meant() {
    let desk = desk("prints");
    let ran = raw(&desk, &["/dev/stdout", "--quiet"]);
    // Behind the header of a stream whose length is not known yet.
    let header = ran.out.len() - FRAMES * 4;
    assert!(ran.out.starts_with(b"RIFF") && header < 100, "{header}");
    assert_eq!(float_samples(&ran.out[header..]), vec![0.25; FRAMES]);
}

#[test]
fn a_flood_from_process_is_bounded_and_counted_and_stops_nothing() {
    let desk = desk("prints");
    let ran = raw(&desk, &["-", "--set", "prints.lines=20000"]);
    assert_eq!(float_samples(&ran.out), vec![0.25; FRAMES], "{}", ran.err);
    let lines = ran
        .err
        .lines()
        .filter(|line| line.contains("plugin output: "));
    let (mut said, mut left_out) = (0, 0);
    for line in lines {
        let count = line.split("plugin output: (").nth(1);
        match count.and_then(|count| count.split(" line").next()?.parse::<usize>().ok()) {
            Some(count) => left_out += count,
            None => said += 1,
        }
    }
    // The lines of the flood, those of the other phases, and the raw one.
    assert_eq!(said + left_out, 20_000 + PHASES.len(), "{}", ran.err);
    assert!(left_out > 1_000, "{left_out} were left out");
}

#[test]
fn a_plugin_that_calls_exit_is_named_and_the_exit_code_is_1() {
    let desk = desk("neighbour");
    let ended = neighbour(&desk, "exits").expect(1);
    let words = "was ended by a call of exit() while stage `neighbour` (test.neighbour.neighbour 1.0.0) was called";
    assert!(ended.err.contains(words), "{}", ended.err);
    assert!(!desk.path("out.wav").exists());
    let next = next_start(&desk);
    assert!(next.contains(words), "{next}");
}

#[test]
fn exit_on_a_thread_of_a_plugin_is_told_as_far_as_it_is_known() {
    let desk = desk("neighbour");
    let ended = neighbour(&desk, "exits-on-another-thread").expect(1);
    let words = "was ended by a call of exit() on a thread that was calling no stage";
    assert!(ended.err.contains(words), "{}", ended.err);
}

#[test]
fn the_next_start_says_what_the_last_one_died_of() {
    for (how, signal) in [("segfaults", "SIGSEGV"), ("aborts", "SIGABRT")] {
        let desk = desk("neighbour");
        let died = neighbour(&desk, how);
        assert_eq!(died.code, None, "{}", died.err);
        let words = format!("died of {signal}");
        let call = "while stage `neighbour` (test.neighbour.neighbour 1.0.0) was called";
        for said in [&died.err, &next_start(&desk)] {
            assert!(
                said.contains(&words) && said.contains(call),
                "{how}: {said}"
            );
        }
        let third = next_start(&desk);
        assert!(!third.contains("earlier session"), "{third}");
        if how == "aborts" {
            let printed = "plugin output: gives up, as told";
            assert!(died.err.contains(printed), "{}", died.err);
        }
    }
}

#[test]
fn what_was_killed_left_no_word_and_an_orderly_end_leaves_no_note() {
    let desk = desk("neighbour");
    let state = desk.path("state/segue");
    let notes = || {
        let names = fs::read_dir(&state)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.into_string().unwrap());
        names.filter(|name| name.starts_with("running-")).count()
    };
    let _ = neighbour(&desk, "behaves").expect(0);
    assert_eq!(notes(), 0);
    let mut command = desk.command(["run", "-", "-", "--raw", "f32le:48000:1"]);
    command.args(["--stage", "test.neighbour"]);
    let mut live = segue_tests::live::Live::start(&mut command, |_| 0.25);
    let _ = live.hear(4_800);
    assert_eq!(notes(), 1);
    let id = live.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-KILL", &id])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(live.finish().code, None);
    let next = next_start(&desk);
    let words = "ended without a word: it was killed, or the machine stopped; it had opened test.neighbour 1.0.0";
    assert!(next.contains(words), "{next}");
    assert_eq!(notes(), 0);
}

/// A pipeline of one stage.
fn one(component: &str, more: &str) -> String {
    format!("[[stage]]\nid = \"one\"\ncomponent = \"{component}\"\n{more}")
}

/// A session on the air, and a library in whose constructor the next change stands still.
fn at_the_gate() -> Air {
    let desk = Desk::new();
    desk.install([test_plugin("through")]);
    let air = Air::start(desk, &one("test.through", ""), &[]);
    air.wait_for(1.0);
    air.desk.install([test_plugin("gate")]);
    air.desk.write("state/gate-is-shut", "");
    air.save(&one("test.gate", ""));
    air
}

/// A connection to its control socket that was asked something already. While a constructor runs,
/// the system's loader lets no new thread begin, and each client has one.
struct Line(BufReader<UnixStream>);

impl Line {
    fn to(air: &Air) -> Self {
        let folder = fs::read_dir(air.desk.path("runtime/segue")).unwrap();
        let mut paths = folder.map(|entry| entry.unwrap().path());
        let socket = paths.find(|path| path.extension().is_some_and(|end| end == "sock"));
        let stream = UnixStream::connect(socket.unwrap()).unwrap();
        let mut line = Self(BufReader::new(stream));
        let _greeting = line.read();
        line.asks_how_it_is();
        line
    }

    fn asks_how_it_is(&mut self) {
        let order = b"{\"id\":1,\"command\":\"status\"}\n";
        self.0.get_mut().write_all(order).unwrap();
        let answer = self.read();
        assert_eq!(answer["status"]["state"], "running", "{answer:#}");
    }

    fn read(&mut self) -> Value {
        let mut text = String::new();
        self.0.read_line(&mut text).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

#[test]
fn the_audio_goes_on_while_a_constructor_takes_its_time() {
    let air = at_the_gate();
    let mut line = Line::to(&air);
    std::thread::scope(|scope| {
        let reload = scope.spawn(|| air.ctl(&["reload"]));
        air.wait_for_words("plugin output: waits at the gate");
        line.asks_how_it_is();
        air.stays(1.0);
        line.asks_how_it_is();
        fs::remove_file(air.desk.path("state/gate-is-shut")).unwrap();
        let _ = reload.join().unwrap().expect(0);
    });
    air.wait_for(2.0);
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
}

#[test]
fn a_constructor_that_hangs_is_refused_and_the_audio_goes_on() {
    let air = at_the_gate();
    let mut line = Line::to(&air);
    let refused = std::thread::scope(|scope| {
        let reload = scope.spawn(|| air.ctl(&["reload"]));
        air.wait_for_words("plugin output: waits at the gate");
        line.asks_how_it_is();
        air.stays(1.0);
        reload.join().unwrap()
    });
    assert_eq!(refused.code, Some(3), "{}", refused.err);
    let words = "did not come back from its initializers within 10 s";
    assert!(refused.err.contains(words), "{}", refused.err);
    line.asks_how_it_is();
    air.stays(1.0);
    let over = air.finish();
    assert_eq!(over.code, Some(4), "{}", over.err);
}

#[test]
fn a_plugin_that_forks_does_not_keep_the_host_from_ending() {
    let desk = desk("neighbour");
    let segue = executable().to_str().unwrap();
    // The control socket is open, as it is in every live session.
    let arguments = [
        "--signal=KILL",
        "60",
        segue,
        "run",
        "in.wav",
        "out.wav",
        "--pace",
        "realtime",
    ];
    let more = ["--stage", "test.neighbour", "--set", "neighbour.how=forks"];
    let mut command = desk.command_of("timeout".as_ref(), arguments.iter().chain(&more));
    let _ = answer(&mut command, &[]).expect(0);
}

/// A stage that moves the process to another folder and clears its environment.
fn moving(more: &str) -> String {
    one(
        "test.neighbour",
        &format!("settings = {{ moves_to = \"/\" }}\n{more}"),
    )
}

#[test]
fn a_plugin_that_moves_the_process_moves_no_file_of_the_host() {
    let desk = desk("neighbour");
    desk.write("plugins.toml", moving(""));
    let arguments = ["run", "in.wav", "made/out.wav", "--config", "plugins.toml"];
    let ran = desk.segue(arguments.iter().chain(&["--report", "made/report.json"]));
    let _ = ran.expect(0);
    assert_eq!(wav::read(&desk.path("made/out.wav")), [vec![0.25; FRAMES]]);
    assert!(desk.path("made/report.json").exists());
    // Many files: their folders, the journal, and what is there already.
    fs::create_dir(desk.path("in")).unwrap();
    for name in ["in/a.wav", "in/b.wav"] {
        fs::copy(desk.path("in.wav"), desk.path(name)).unwrap();
    }
    let arguments = ["run", "in", "many", "--config", "plugins.toml"];
    let many = desk.segue(arguments).expect(0);
    for name in ["many/a.wav", "many/b.wav"] {
        assert!(desk.path(name).exists(), "{name}: {}", many.err);
    }
}

#[test]
fn a_session_whose_process_was_moved_finds_its_configuration_and_its_plugins() {
    let desk = Desk::new();
    desk.install([test_plugin("neighbour")]);
    let air = Air::start(desk, &moving(""), &[]);
    air.wait_for(1.0);
    air.desk.install([test_plugin("gate")]);
    air.save(&(moving("") + "[[stage]]\nid = \"two\"\ncomponent = \"test.gate\"\n"));
    let _ = air.ctl(&["reload"]).expect(0);
    air.wait_for(2.0);
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
}

/// A control character of eight bits that begins a sequence, and an override of direction.
const HOSTILE: &str = "a\u{9b}31mb\u{202e}c";

#[test]
fn names_of_files_and_words_of_a_configuration_steer_no_terminal() {
    let desk = desk("neighbour");
    let hostile = format!("{HOSTILE}.wav");
    let config = format!("[pipeline]\nname = \"{HOSTILE}\"\n") + &one("test.neighbour", "");
    desk.write("plugins.toml", &config);
    desk.write(
        "bad.toml",
        format!("[[stage]]\nid = \"{HOSTILE}\"\n{HOSTILE} = 1\n"),
    );
    desk.write(&format!("plugins/{HOSTILE}.so"), "not a library");
    for arguments in [
        &["run", &hostile, "out.wav", "--config", "plugins.toml"][..],
        &[
            "run",
            "in.wav",
            &hostile,
            "--config",
            "plugins.toml",
            "--overwrite",
        ],
        &["run", "in.wav", &hostile, "--config", "plugins.toml"],
        &["check", "bad.toml"],
        &["check", "plugins.toml"],
        &["check", &hostile],
        &["graph", "--config", "plugins.toml"],
        &["list", "--why"],
        &["inspect", &hostile],
        &["run", "--pace", HOSTILE],
        &["ctl", "status", "--session", HOSTILE],
    ] {
        let told = desk.segue(arguments);
        assert_clean(&told.err);
        assert_clean(&on_a_terminal(&desk, arguments));
    }
}

/// What a command writes where standard output and standard error are a terminal.
fn on_a_terminal(desk: &Desk, arguments: &[&str]) -> String {
    let quoted = arguments.iter().map(|argument| format!(" '{argument}'"));
    let called = executable().display().to_string() + &quoted.collect::<String>();
    let script = ["--quiet", "--return", "--command", &called, "/dev/null"];
    let mut command = desk.command_of("script".as_ref(), script);
    let told = answer(&mut command, &[]);
    // The terminal ends lines in its own way, and colours are the host's.
    without_colors(&told.text().replace('\r', ""))
}

/// The text without sequences that set a colour.
fn without_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('m') {
            Some((code, rest)) if code.chars().all(|one| one.is_ascii_digit() || one == ';') => {
                plain.push_str(rest);
            }
            Some(_) | None => plain.push_str(&["\u{1b}[", part].concat()),
        }
    }
    plain
}
