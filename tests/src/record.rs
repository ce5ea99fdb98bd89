//! Record: live recordings of a known signal, and what is left of them.
//!
//! In: a name for each recording. Out: processes that record at the pace of the stream until the
//! test ends them; how much each has on the disk meanwhile.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use segue_media::io::HEADER_INTERVAL_SECONDS;

use crate::build::reference;
use crate::desk::Desk;
use crate::wav;

/// The rate of every recording, in frames per second: so low that many go on at once.
pub const RATE_HZ: u32 = 16_000;

/// Frames from one good header to the next.
pub const INTERVAL_FRAMES: usize = RATE_HZ as usize * HEADER_INTERVAL_SECONDS as usize;

/// How much a recording may be in front of what its file shows, in frames: a block of FLAC, and
/// what the run works on.
pub const SLACK_FRAMES: usize = 8_192;

/// How long a recording may take to grow before the test fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often files are looked at.
const LOOK: Duration = Duration::from_millis(5);

/// The most bytes of a header here; the audio has 16 bits and does not become smaller.
const HEADER_BYTES: u64 = 4_096;

/// A desk with a signal that is recorded.
#[derive(Debug)]
pub struct Studio {
    /// Where it lies.
    pub desk: Desk,
    /// What is in `in.wav`: noise, in one channel.
    pub signal: Vec<i16>,
}

/// A recording under way.
#[derive(Debug)]
pub struct Take {
    child: Child,
    /// The file.
    pub path: PathBuf,
    /// How many frames are waited for.
    pub goal_frames: usize,
}

/// What a recording said in the end.
#[derive(Debug)]
pub struct Over {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard error.
    pub err: String,
}

impl Studio {
    /// One with a signal of so many seconds.
    #[must_use]
    pub fn new(seconds: usize) -> Self {
        let desk = Desk::new();
        desk.install(reference().files());
        let noise = wav::noise(7, seconds * RATE_HZ as usize).into_iter();
        let signal: Vec<i16> = noise.map(|sample| (sample * 60_000.0) as i16).collect();
        wav::write_16(&desk.path("in.wav"), RATE_HZ, std::slice::from_ref(&signal));
        Self { desk, signal }
    }

    /// The command that records `in.wav` as `name`, through a stage that changes nothing.
    #[must_use]
    pub fn command(&self, name: &str) -> Command {
        let arguments = ["run", "in.wav", name, "--pace", "realtime", "--no-control"];
        let mut command = self.desk.command(arguments);
        command.args(["--stage", "segue.gain gain_db=0"]);
        command
    }

    /// Begins to record.
    #[must_use]
    pub fn record(&self, name: &str, goal_frames: usize) -> Take {
        self.begin(&mut self.command(name), name, goal_frames)
    }

    /// Begins with another command.
    #[must_use]
    pub fn begin(&self, command: &mut Command, name: &str, goal_frames: usize) -> Take {
        let path = self.desk.path(name);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Take {
            child: command.spawn().expect("the executable was built"),
            path,
            goal_frames,
        }
    }

    /// The names on the desk that begin with `start`, in order.
    #[must_use]
    pub fn names(&self, start: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.desk.path("")).expect("the desk is there");
        let names = entries.map(|entry| entry.expect("it can be read").file_name());
        let mut names: Vec<_> = names
            .filter_map(|name| name.into_string().ok())
            .filter(|name| name.starts_with(start))
            .collect();
        names.sort();
        names
    }
}

impl Take {
    /// The process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// At least so many frames are in the file.
    #[must_use]
    pub fn frames(&self) -> usize {
        let bytes = std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        (bytes.saturating_sub(HEADER_BYTES) / 2) as usize
    }

    /// Waits until as much is recorded as is wanted.
    #[track_caller]
    pub fn wait_for_goal(&mut self) {
        let path = self.path.clone();
        until(&format!("{} grows", path.display()), || {
            let status = self.child.try_wait().expect("the child can be waited for");
            assert!(status.is_none(), "{}: {status:?}", path.display());
            self.frames() >= self.goal_frames
        });
    }

    /// Waits for the end of the process.
    #[must_use]
    pub fn wait(self) -> Over {
        let output = self.child.wait_with_output();
        let output = output.expect("the child can be waited for");
        Over {
            code: output.status.code(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Looks until something is so; a file says nothing of itself.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        park_timeout(LOOK);
    }
}

/// A command of `sh` with `$0`, `$1` and so on, in the place of another with all that it has.
#[must_use]
pub fn in_shell(command: &Command, script: &str) -> Command {
    let mut shell = Command::new("sh");
    let arguments = command.get_args();
    let words = [OsStr::new("-c"), OsStr::new(script), command.get_program()];
    shell.args(words).args(arguments);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    shell
}
