//! Whole programs over ten minutes of stereo: Segue, the same kernels without a host, its peers.
//!
//! `cargo build --release && cargo bench -p segue --bench peers`. In turn, for each job: `segue`
//! with its plugins; `limit`, a program of the same kernels with everything known when it was
//! compiled (`plugins/dsp/examples/limit.rs`, built here); ffmpeg and sox where they are installed.
//! What is compared is processor time, user and system, of the whole process; each figure is the
//! least of a few rounds, since a shared machine only ever adds. Arguments: names of jobs.
//!
//! A fast answer that is wrong would be worth nothing: what Segue wrote is compared with what the
//! program without a host wrote.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use tempfile::TempDir;

#[path = "peers/jobs.rs"]
mod jobs;
#[path = "peers/signal.rs"]
mod signal;

use jobs::{JOBS, Job};

/// The length that PERFORMANCE figures are given for.
const SECONDS: u32 = 600;

/// Rounds per job; the least counts.
const ROUNDS: usize = 5;

/// Two ways to round the same sum to 16 bits differ by one step, two roundings in a row by two.
const STEPS_APART_MAX: i32 = 2;

/// Where everything of one run lies.
struct Desk {
    folder: TempDir,
    segue: PathBuf,
    limit: PathBuf,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` and the like ask for a list of tests: there are none.
    if arguments.iter().any(|argument| argument == "--list") {
        return;
    }
    let wanted = |job: &&Job| {
        let mut names = arguments
            .iter()
            .filter(|one| !one.starts_with('-'))
            .peekable();
        names.peek().is_none() || names.any(|name| name == job.name)
    };
    let desk = desk();
    for job in JOBS.iter().filter(wanted) {
        measure(job, &desk);
    }
}

#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn say(line: &str) {
    println!("{line}");
}

fn desk() -> Desk {
    let target = target();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args([
            "build",
            "--release",
            "--package",
            "segue-dsp",
            "--example",
            "limit",
        ])
        .status();
    assert!(
        built.is_ok_and(|status| status.success()),
        "the example `limit` builds"
    );
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    signal::write(&folder.path().join("in.wav"), SECONDS).expect("room for 115 MB");
    let desk = Desk {
        folder,
        segue: target.join("segue"),
        limit: target.join("examples/limit"),
    };
    assert!(desk.segue.is_file(), "run `cargo build --release` first");
    desk
}

/// The folder of release builds: the bench's own executable lies in `deps` below it.
fn target() -> PathBuf {
    let me = std::env::current_exe().expect("a path of this program");
    let folder = me
        .ancestors()
        .nth(2)
        .expect("it lies in target/release/deps");
    folder.to_owned()
}

/// One contestant: its name and its command line.
struct Contestant {
    name: &'static str,
    command: Command,
    least: Option<Duration>,
}

fn measure(job: &Job, desk: &Desk) {
    let folder = desk.folder.path();
    let mut contestants = contestants(job, desk);
    for _ in 0..ROUNDS {
        for contestant in &mut contestants {
            let took = run(&mut contestant.command);
            contestant.least = Some(contestant.least.map_or(took, |least| least.min(took)));
        }
    }
    if job.writes {
        let apart = steps_apart(&folder.join("limit.wav"), &folder.join("segue.wav"));
        assert!(
            apart <= STEPS_APART_MAX,
            "{}: the outputs are {apart} steps apart",
            job.name
        );
    }
    tell(job, &contestants);
}

fn tell(job: &Job, contestants: &[Contestant]) {
    let of = |name| {
        let found = contestants.iter().find(|one| one.name == name);
        found
            .and_then(|one| one.least)
            .map_or(f64::NAN, |least| least.as_secs_f64())
    };
    let limit = of("limit");
    say(&format!(
        "\n{}: {SECONDS} s of stereo, 48 kHz, 16 bit (goal for segue: {} x limit)",
        job.name, job.goal
    ));
    for contestant in contestants {
        let seconds = of(contestant.name);
        say(&format!(
            "  {:<14} {seconds:>7.3} s of processor time {:>7.2} x limit",
            contestant.name,
            seconds / limit
        ));
    }
}

fn contestants(job: &Job, desk: &Desk) -> Vec<Contestant> {
    let folder = desk.folder.path();
    let input = folder.join("in.wav");
    let entry = |name, command: Command| Contestant {
        name,
        command,
        least: None,
    };
    let mut all = vec![
        entry("segue", segue(job, desk, &input)),
        entry("limit", limit(job, desk, &input)),
    ];
    let mut plain = segue(job, desk, &input);
    plain.env("SEGUE_CPU", "baseline");
    all.push(entry("segue baseline", plain));
    for (name, peer) in [("ffmpeg", job.ffmpeg), ("sox", job.sox)] {
        if let (Some(peer), true) = (peer, is_installed(name)) {
            all.push(entry(name, peer(&input, &folder.join("peer.wav"))));
        }
    }
    all
}

fn segue(job: &Job, desk: &Desk, input: &Path) -> Command {
    let folder = desk.folder.path();
    let file = folder.join(format!("{}.toml", job.name));
    std::fs::write(&file, (job.configuration)()).expect("the folder is there");
    let mut command = Command::new(&desk.segue);
    command.args(["--quiet", "run"]).arg(input);
    if job.writes {
        command.arg(folder.join("segue.wav"));
    }
    command.arg("--overwrite").arg("--config").arg(file);
    command.args(["--threads", "1"]);
    command
        .env("XDG_CACHE_HOME", folder)
        .env("XDG_STATE_HOME", folder);
    command
}

fn limit(job: &Job, desk: &Desk, input: &Path) -> Command {
    let mut command = Command::new(&desk.limit);
    command.arg(job.name).arg(input);
    if job.writes {
        command.arg(desk.folder.path().join("limit.wav"));
    }
    command
}

/// The processor time of one run, its threads included.
fn run(command: &mut Command) -> Duration {
    let before = children();
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?} answers {}: {told}",
        output.status
    );
    let after = children();
    let spent = |usage: &Usage| usage.user_time() + usage.system_time();
    let microseconds = spent(&after).num_microseconds() - spent(&before).num_microseconds();
    Duration::from_micros(microseconds.unsigned_abs())
}

fn children() -> Usage {
    getrusage(UsageWho::RUSAGE_CHILDREN).expect("every Unix counts")
}

fn is_installed(program: &str) -> bool {
    let mut asked = Command::new(program);
    asked
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    asked.status().is_ok()
}

/// The largest difference of two 16-bit files, in steps.
fn steps_apart(one: &Path, other: &Path) -> i32 {
    let open = |path: &Path| hound::WavReader::open(path).expect("a WAV file was written");
    let (mut one, mut other) = (open(one), open(other));
    assert_eq!(one.duration(), other.duration(), "as many frames");
    let pairs = one.samples::<i16>().zip(other.samples::<i16>());
    let apart = pairs.map(|(one, other)| {
        (i32::from(one.expect("a sample")) - i32::from(other.expect("a sample"))).abs()
    });
    apart.max().unwrap_or(0)
}
