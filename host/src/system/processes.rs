//! Processes: this process, and the children that it started.
//!
//! In: children that were not waited for, whose numbers are therefore still their own. Out: whether
//! they are gone, and signals to them; limits of this process; what it hears of its parent's end.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Child;

use rustix::io::Errno;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, fchdir, getpid, getrlimit, kill_process,
    kill_process_group, setrlimit, waitid,
};

/// The signals that end a process which did something wrong, or which somebody ends.
pub const SIGNALS: [(i32, &str); 8] = [
    (Signal::ABORT.as_raw(), "SIGABRT, it aborted"),
    (Signal::BUS.as_raw(), "SIGBUS, bad memory access"),
    (Signal::FPE.as_raw(), "SIGFPE, bad arithmetic"),
    (Signal::ILL.as_raw(), "SIGILL, bad instruction"),
    (Signal::SEGV.as_raw(), "SIGSEGV, bad memory access"),
    (Signal::SYS.as_raw(), "SIGSYS, bad system call"),
    (Signal::TRAP.as_raw(), "SIGTRAP, breakpoint"),
    (
        Signal::KILL.as_raw(),
        "SIGKILL, from outside, perhaps for want of memory",
    ),
];

/// The signals with which somebody ends a process.
pub const FROM_OUTSIDE: [i32; 4] = [
    Signal::KILL.as_raw(),
    Signal::TERM.as_raw(),
    Signal::INT.as_raw(),
    Signal::HUP.as_raw(),
];

/// The limits that can make a healthy library fail.
const LIMITS: [Resource; 7] = [
    Resource::As,
    Resource::Cpu,
    Resource::Data,
    Resource::Fsize,
    Resource::Nofile,
    Resource::Nproc,
    Resource::Stack,
];

/// A process by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number(Pid);

impl Number {
    /// The number of this process.
    #[must_use]
    pub fn own() -> Self {
        Self(getpid())
    }

    /// The number of a child.
    ///
    /// # Panics
    /// Never: a child that was started has a number.
    #[must_use]
    pub fn of(child: &Child) -> Self {
        let number = i32::try_from(child.id()).ok().and_then(Self::from_raw);
        number.expect("a child that was started has a number")
    }

    /// A number that something said.
    #[must_use]
    pub fn from_raw(number: i32) -> Option<Self> {
        Pid::from_raw(number).map(Self)
    }

    /// The number itself.
    #[must_use]
    pub fn as_raw(self) -> i32 {
        self.0.as_raw_nonzero().get()
    }

    /// Whether the child has ended; its number stays taken.
    ///
    /// # Errors
    /// When it is no child of this process.
    pub fn is_gone(self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(self.0), options)?.is_some())
    }

    /// Asks it to end. It may be gone.
    pub fn ask_to_end(self) {
        let _ = kill_process(self.0, Signal::TERM);
    }

    /// Ends it. It may be gone.
    pub fn end(self) {
        let _ = kill_process(self.0, Signal::KILL);
    }

    /// Ends the group that it began. The group may be gone.
    pub fn end_group(self) {
        let _ = kill_process_group(self.0, Signal::KILL);
    }
}

/// What became of children that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Children {
    /// One had ended, and is gone for good.
    Gone,
    /// All go on.
    Alive,
    /// There are none.
    None,
}

/// Takes the status of a child that has ended, whichever it is, so that it is gone for good.
#[must_use]
pub fn take_any() -> Children {
    match waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
        Ok(Some(_)) | Err(Errno::INTR) => Children::Gone,
        Ok(None) => Children::Alive,
        Err(_) => Children::None,
    }
}

/// Waits until a child has ended, whichever it is.
pub fn wait_for_any() {
    let _ = waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
}

/// What loses its parent below this process becomes its child, and this process is asked to end
/// when its own parent does; where the system knows of either.
pub fn adopt() {
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::process::set_child_subreaper(Some(getpid()));
        let _ = rustix::process::set_parent_process_death_signal(Some(Signal::TERM));
    }
}

/// This process leaves no core file, and ends when its parent does; where the system knows of it.
pub fn confine() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
}

/// Moves this process into an open folder.
///
/// # Errors
/// What the system says.
pub fn enter(folder: impl AsFd) -> io::Result<()> {
    Ok(fchdir(folder)?)
}

/// The limits of this process that can make a healthy library fail, in words that are others after
/// every change.
#[must_use]
pub fn limits() -> String {
    let limits = LIMITS.map(|resource| format!("{:?} ", getrlimit(resource)));
    limits.concat()
}

/// The program that this process runs, by a path that starts this very file again, whatever has its
/// name by now; `None` where the system does not say.
///
/// Linux keeps a link to the file, which is good for starting it even when the file is replaced or
/// gone. Under an emulator (Valgrind) that link is the emulator's own when it is followed, but says
/// the program's name when it is read: then the name counts.
#[must_use]
pub fn program() -> Option<PathBuf> {
    let link = Path::new("/proc/self/exe");
    let named = std::env::current_exe().ok();
    let identity = |path: &Path| {
        let facts = fs::metadata(path).ok()?;
        Some((facts.dev(), facts.ino()))
    };
    let Some(linked) = identity(link) else {
        return named;
    };
    let other = named.filter(|named| identity(named).is_some_and(|found| found != linked));
    Some(other.unwrap_or_else(|| link.to_owned()))
}
