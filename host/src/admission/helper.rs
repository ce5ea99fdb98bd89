//! Helper: what runs in the process that opens a library for the first time.
//!
//! In: arguments that name a library and all it uses, dependencies first. Out: on standard output
//! one line before each step, and at last whether it went well. What the libraries themselves
//! write to standard output goes to standard error.
//!
//! If anything here crashes, hangs or exits, that is what the process is for.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::stdio::{dup2_stdout, stderr, stdout};

use crate::admission::exercise::Exercise;
use crate::admission::hex;
use crate::admission::wire::{Cause, Failure, Line};
use crate::discovery::{Class, ContentHash, Found, Registry, SearchPlan, scan};
use crate::loading::{Generation, LoadError, Providers};

/// What the helper answers when it was called in a wrong way.
const MISUSED: u8 = 2;

/// One library that the helper opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    /// Its copy in the store.
    pub(super) path: PathBuf,
    /// Its content.
    pub(super) hash: ContentHash,
    /// The folder it was found in.
    pub(super) resource_dir: PathBuf,
    /// The places of those before it that it uses.
    pub(super) uses: Vec<usize>,
}

/// Opens the libraries that the arguments name, exercises the last one, and tells how it goes.
///
/// For the helper process only, as the first thing it does: it changes the standard output and the
/// limits of the process, and foreign code may end it at any time. `arguments` are those that
/// admission added behind [`Helper::arguments`](crate::admission::Helper).
pub fn serve(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let Some(mut answers) = Answers::take() else {
        return ExitCode::from(MISUSED);
    };
    let Some(orders) = decode(arguments) else {
        return ExitCode::from(MISUSED);
    };
    confine();
    answers.send(&Line::Ready);
    match open_and_exercise(&mut answers, &orders) {
        Ok(()) => answers.send(&Line::Done),
        Err(failure) => answers.send(&Line::Failed(failure)),
    }
    // Whoever started this process ends it now: destructors of the libraries need not run.
    ExitCode::SUCCESS
}

/// Where the lines go.
#[derive(Debug)]
pub(super) struct Answers(File);

impl Answers {
    /// Takes standard output for itself and leaves standard error in its place.
    fn take() -> Option<Self> {
        let own: OwnedFd = rustix::io::fcntl_dupfd_cloexec(stdout(), 3).ok()?;
        dup2_stdout(stderr()).ok()?;
        Some(Self(File::from(own)))
    }

    /// Sends a line, at once.
    pub(super) fn send(&mut self, line: &Line) {
        // Without a reader, or if a library closed the descriptor, nobody is left to tell.
        let _ = self.0.write_all(&line.encode());
    }
}

/// No core files, and no life without the process that waits for the answer.
fn confine() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Both spare others trouble; the probe itself can do without them.
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

/// Opens each library after all it uses, and exercises the components of the last.
fn open_and_exercise(answers: &mut Answers, orders: &[Order]) -> Result<(), Failure> {
    let mut opened: Vec<(Arc<Generation>, Arc<Providers>)> = Vec::new();
    for order in orders {
        let found = found(order)?;
        let mut providers = Providers::default();
        for (generation, theirs) in order.uses.iter().filter_map(|at| opened.get(*at)) {
            providers.add(Arc::clone(generation), Arc::clone(theirs));
        }
        let manifest = &found.manifest;
        answers.send(&Line::Step(format!("opening {}", manifest.id)));
        let (path, hash) = (&order.path, order.hash);
        let generation = Generation::open(path, hash, manifest, &order.resource_dir);
        let generation = generation.map_err(|error| unopened(&error))?;
        opened.push((generation, Arc::new(providers)));
    }
    let Some((generation, providers)) = opened.last() else {
        return Ok(());
    };
    for component in &generation.manifest().components {
        Exercise::new(answers, generation, providers, component).run()?;
    }
    Ok(())
}

/// Reads what a copy says of itself.
fn found(order: &Order) -> Result<Box<Found>, Failure> {
    let mut plan = SearchPlan::default();
    plan.files.push(order.path.clone());
    let scan = scan(&plan, &mut Registry::in_memory(), SystemTime::now());
    let class = scan.entries.into_iter().next().map(|entry| entry.class);
    let reason = match class {
        Some(Class::Ready(found)) => return Ok(found),
        Some(other) => other.reason().unwrap_or_default(),
        None => "it is not there".to_owned(),
    };
    Err(Failure {
        reason: format!("its copy in the store is of no use: {reason}"),
        cause: Cause::Circumstance,
    })
}

/// What it means that a library could not be opened.
fn unopened(error: &LoadError) -> Failure {
    let cause = match error {
        // A library that it needs may be installed tomorrow.
        LoadError::Open { .. } | LoadError::TooMany { .. } => Cause::Circumstance,
        LoadError::NoSymbol { .. }
        | LoadError::Header { .. }
        | LoadError::ManifestDiffers { .. }
        | LoadError::Attach { .. } => Cause::Content,
    };
    let reason = error.to_string();
    Failure { reason, cause }
}

/// The arguments that say this, four for each library.
pub(super) fn encode(orders: &[Order]) -> Vec<OsString> {
    let arguments = orders.iter().flat_map(|order| {
        let uses: Vec<_> = order.uses.iter().map(ToString::to_string).collect();
        [
            order.path.clone().into_os_string(),
            order.hash.to_string().into(),
            order.resource_dir.clone().into_os_string(),
            uses.join(",").into(),
        ]
    });
    arguments.collect()
}

/// What the arguments say; `None` if they were not made by `encode`.
fn decode(arguments: impl IntoIterator<Item = OsString>) -> Option<Vec<Order>> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let (orders, rest) = arguments.as_chunks::<4>();
    if orders.is_empty() || !rest.is_empty() {
        return None;
    }
    let order = |(at, [path, hash, resource_dir, uses]): (usize, &[OsString; 4])| {
        let uses = uses.to_str()?.split(',').filter(|text| !text.is_empty());
        let uses: Option<Vec<usize>> = uses.map(|text| text.parse().ok()).collect();
        Some(Order {
            path: path.into(),
            hash: hex::hash(std::str::from_utf8(hash.as_bytes()).ok()?)?,
            resource_dir: resource_dir.into(),
            uses: uses.filter(|uses| uses.iter().all(|used| *used < at))?,
        })
    };
    orders.iter().enumerate().map(order).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn order(byte: u8, uses: &[usize]) -> Order {
        Order {
            path: "/store/a.so".into(),
            hash: ContentHash([byte; 32]),
            resource_dir: OsString::from_vec(b"/no UTF-8: \xff".to_vec()).into(),
            uses: uses.to_vec(),
        }
    }

    #[test]
    fn orders_come_back_from_arguments() {
        let orders = [order(1, &[]), order(2, &[0]), order(3, &[0, 1])];
        assert_eq!(decode(encode(&orders)), Some(orders.to_vec()));
    }

    #[test]
    fn other_arguments_are_refused() {
        let good = encode(&[order(1, &[])]);
        assert_eq!(decode([]), None);
        assert_eq!(decode(good[..3].to_vec()), None);
        for (at, bad) in [(1, "12"), (3, "0"), (3, "x"), (3, "-1")] {
            let mut arguments = good.clone();
            arguments[at] = bad.into();
            assert_eq!(decode(arguments), None, "{bad}");
        }
    }
}
