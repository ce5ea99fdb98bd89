//! Helper: what runs in the process that opens a library for the first time.
//!
//! In: arguments that name a library and all it uses, dependencies first, and the folder of their
//! copies, open as standard input. Out: on standard output
//! one line before each step, and at last whether it went well. What the libraries themselves
//! write to standard output goes to standard error.
//!
//! If anything here crashes, hangs or exits, that is what the process is for.

mod supervise;

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use crate::admission::answers::Answers;
use crate::admission::exercise::Exercise;
use crate::admission::helper::supervise::{WORKER, supervise};
use crate::admission::hex;
use crate::admission::store;
use crate::admission::wire::{FailureCause, HelperLine, PluginFailure};
use crate::discovery::{Class, ContentHash, FoundPlugin, Registry, SearchPlan, scan};
use crate::loading::{Approved, Generation, LoadError, Providers};
use crate::system::files::{self, FileKind};
use crate::system::processes;
use crate::system::streams;

/// What the helper answers when it was called in a wrong way.
const MISUSED: u8 = 2;

/// One library that the helper opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenOrder {
    /// Its content, which names its copy in the store.
    pub(super) hash: ContentHash,
    /// The file that it is a copy of.
    pub(super) file: PathBuf,
    /// The places of those before it that it uses.
    pub(super) uses: Vec<usize>,
}

/// Opens the libraries that the arguments name, exercises the last one, and tells how it goes.
///
/// For the helper process only, as the first thing it does: it changes the standard output and the
/// limits of the process, and foreign code may end it at any time. `arguments` are those that
/// admission added behind [`Helper::arguments`](crate::admission::Helper).
///
/// The process that is started first only supervises: it starts the same program again with one
/// more argument, and that one opens the libraries.
pub fn serve(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments: Vec<_> = arguments.into_iter().collect();
    if arguments.last().is_some_and(|last| last == WORKER) {
        arguments.pop();
        return work(arguments);
    }
    if decode(arguments).is_none() {
        return ExitCode::from(MISUSED);
    }
    let Some(ended) = supervise() else {
        return ExitCode::from(MISUSED);
    };
    // Without a reader nobody is left to hear it.
    let _ = std::io::stdout().write_all(&HelperLine::Ended(ended).encode());
    let _ = std::io::stdout().flush();
    ExitCode::SUCCESS
}

/// Opens the libraries, in a process that another one supervises.
fn work(arguments: Vec<OsString>) -> ExitCode {
    let Some(mut answers) = Answers::take() else {
        return ExitCode::from(MISUSED);
    };
    let (Some(orders), Some(copies)) = (decode(arguments), Copies::take()) else {
        return ExitCode::from(MISUSED);
    };
    // Both spare others trouble; the probe itself can do without them.
    processes::confine();
    answers.send(&HelperLine::Ready);
    match open_and_exercise(&mut answers, &copies, &orders) {
        Ok(()) => answers.send(&HelperLine::Done),
        Err(failure) => answers.send(&HelperLine::Failed(failure)),
    }
    // Whoever started this process ends it now: destructors of the libraries need not run.
    ExitCode::SUCCESS
}

/// The store, by a folder that was open before foreign code ran.
struct Copies(OwnedFd);

impl Copies {
    /// Takes the folder that stands at standard input, and leaves nothing to read in its place.
    fn take() -> Option<Self> {
        let folder = streams::copy(streams::input()).ok()?;
        if files::about(&folder).ok()?.kind != FileKind::Folder {
            return None;
        }
        streams::replace_input(File::open("/dev/null").ok()?).ok()?;
        Some(Self(folder))
    }

    /// The copy of a content.
    fn door(&self, hash: ContentHash) -> PathBuf {
        store::door(self.0.as_fd(), hash).unwrap_or_else(|| {
            // No foreign code is asked where it runs, so it may as well run there.
            let _ = processes::enter(&self.0);
            Path::new(".").join(store::name_of(hash))
        })
    }
}

/// Opens each library after all it uses, and exercises the components of the last.
fn open_and_exercise(
    answers: &mut Answers,
    copies: &Copies,
    orders: &[OpenOrder],
) -> Result<(), PluginFailure> {
    let mut opened: Vec<(Arc<Generation>, Arc<Providers>)> = Vec::new();
    for order in orders {
        let door = copies.door(order.hash);
        let found = found(&door)?;
        let mut providers = Providers::default();
        for (generation, theirs) in order.uses.iter().filter_map(|at| opened.get(*at)) {
            providers.add(Arc::clone(generation), Arc::clone(theirs));
        }
        let manifest = &found.manifest;
        answers.send(&HelperLine::Step(format!("opening {}", manifest.id)));
        let generation = Generation::open(&Approved {
            door: &door,
            path: &door,
            hash: order.hash,
            manifest,
            file: &order.file,
        });
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
fn found(copy: &Path) -> Result<Box<FoundPlugin>, PluginFailure> {
    let mut plan = SearchPlan::default();
    plan.files.push(copy.to_owned());
    let scan = scan(&plan, &mut Registry::in_memory(), SystemTime::now());
    let class = scan.entries.into_iter().next().map(|entry| entry.class);
    let reason = match class {
        Some(Class::Ready(found)) => return Ok(found),
        Some(other) => other.reason().unwrap_or_default(),
        None => "it is not there".to_owned(),
    };
    Err(PluginFailure {
        reason: format!("its copy in the store is of no use: {reason}"),
        cause: FailureCause::Circumstance,
    })
}

/// What it means that a library could not be opened.
fn unopened(error: &LoadError) -> PluginFailure {
    let cause = match error {
        // A library that it needs may be installed tomorrow.
        LoadError::Open { .. }
        | LoadError::TooMany { .. }
        | LoadError::Late { .. }
        | LoadError::Blocked { .. }
        | LoadError::Missed { .. } => FailureCause::Circumstance,
        LoadError::NoSymbol { .. }
        | LoadError::Header { .. }
        | LoadError::ManifestDiffers { .. }
        | LoadError::Attach { .. } => FailureCause::Content,
    };
    let reason = error.to_string();
    PluginFailure { reason, cause }
}

/// The arguments that say this, three for each library.
pub(super) fn encode(orders: &[OpenOrder]) -> Vec<OsString> {
    let arguments = orders.iter().flat_map(|order| {
        let uses: Vec<_> = order.uses.iter().map(ToString::to_string).collect();
        [
            order.hash.to_string().into(),
            order.file.clone().into_os_string(),
            uses.join(",").into(),
        ]
    });
    arguments.collect()
}

/// What the arguments say; `None` if they were not made by `encode`.
fn decode(arguments: impl IntoIterator<Item = OsString>) -> Option<Vec<OpenOrder>> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let (orders, rest) = arguments.as_chunks::<3>();
    if orders.is_empty() || !rest.is_empty() {
        return None;
    }
    let order = |(at, [hash, file, uses]): (usize, &[OsString; 3])| {
        let uses = uses.to_str()?.split(',').filter(|text| !text.is_empty());
        let uses: Option<Vec<usize>> = uses.map(|text| text.parse().ok()).collect();
        Some(OpenOrder {
            hash: hex::hash(std::str::from_utf8(hash.as_bytes()).ok()?)?,
            file: file.into(),
            uses: uses.filter(|uses| uses.iter().all(|used| *used < at))?,
        })
    };
    orders.iter().enumerate().map(order).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn order(byte: u8, uses: &[usize]) -> OpenOrder {
        OpenOrder {
            hash: ContentHash([byte; 32]),
            file: OsString::from_vec(b"/no UTF-8: \xff".to_vec()).into(),
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
        assert_eq!(decode(good[..2].to_vec()), None);
        for (at, bad) in [(0, "12"), (2, "0"), (2, "x"), (2, "-1")] {
            let mut arguments = good.clone();
            arguments[at] = bad.into();
            assert_eq!(decode(arguments), None, "{bad}");
        }
    }
}
