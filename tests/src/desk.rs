//! Desk: a place to work in, where one test meets no other.
//!
//! In: files and arguments. Out: what `segue` answered there, with configuration, cache, state
//! and sockets in folders that go when the test is over.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::build;

/// Where hosts write down which transitions of the table of changes they take, if anybody wants it.
const TRANSITIONS: &str = "SEGUE_TEST_TRANSITIONS";

/// A folder of its own for one test, with all that `segue` keeps elsewhere.
#[derive(Debug)]
pub struct Desk {
    folder: TempDir,
}

/// What `segue` answered.
#[derive(Debug)]
pub struct Answer {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: Vec<u8>,
    /// Standard error.
    pub err: String,
    called: String,
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

impl Desk {
    /// A new one, empty but for the folders that `segue` may want.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("the machine has room for a folder");
        for name in [
            "config", "cache", "state", "data", "runtime", "home", "plugins",
        ] {
            std::fs::create_dir(folder.path().join(name)).expect("the folder is new");
        }
        Self { folder }
    }

    /// The path of a name here.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("the desk can be written to");
        path
    }

    /// Copies libraries into the folder `plugins`, where every command here looks for them.
    pub fn install<'a>(&self, libraries: impl IntoIterator<Item = &'a Path>) {
        for library in libraries {
            let name = library.file_name().expect("a library has a name");
            self.install_as(library, name);
        }
    }

    /// Copies a library into the folder `plugins` under another name.
    pub fn install_as(&self, library: &Path, name: impl AsRef<OsStr>) {
        let to = self.path("plugins").join(name.as_ref());
        std::fs::copy(library, &to).expect("the library was built and the desk has room");
    }

    /// `segue` with these arguments, to be changed further, then given to [`answer`].
    #[must_use]
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        self.command_of(build::executable(), arguments)
    }

    /// As [`command`](Self::command), with the executable at another place.
    #[must_use]
    pub fn command_of<A: AsRef<OsStr>>(
        &self,
        executable: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(executable);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SEGUE_") && name != TRANSITIONS {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("SEGUE_PLUGIN_PATH", self.path("plugins"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_RUNTIME_DIR", self.path("runtime"))
            .env("HOME", self.path("home"))
            .env("NO_COLOR", "1");
        command
    }

    /// Runs `segue` with these arguments.
    #[must_use]
    pub fn segue<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Answer {
        answer(&mut self.command(arguments), &[])
    }
}

/// A stage of a configuration, with further lines of its table.
#[must_use]
pub fn stage(id: &str, component: &str, more: &str) -> String {
    format!("[[stage]]\nid = \"{id}\"\ncomponent = \"{component}\"\n{more}\n")
}

/// Runs a command, gives it `input` on standard input and waits for its end.
#[must_use]
pub fn answer(command: &mut Command, input: &[u8]) -> Answer {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the executable was built");
    let mut pipe = child.stdin.take().expect("standard input is piped");
    let input = input.to_owned();
    // A command that ends before it has read everything closes the pipe: that is its right.
    let feeder = std::thread::spawn(move || {
        let _ = pipe.write_all(&input);
    });
    let output = child
        .wait_with_output()
        .expect("the child can be waited for");
    feeder.join().expect("the feeder does not panic");
    Answer {
        code: output.status.code(),
        out: output.stdout,
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        called: format!("{command:?}"),
    }
}

impl Answer {
    /// Asserts the exit code, and shows everything where it is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert!(
            self.code == Some(code),
            "exit code {:?}, expected {code}\n{}\n--- out\n{}\n--- err\n{}",
            self.code,
            self.called,
            self.text(),
            self.err
        );
        self
    }

    /// Standard output as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    /// Standard output as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.out)
            .unwrap_or_else(|error| panic!("{error} in the answer to {}:\n{self:?}", self.called))
    }
}
