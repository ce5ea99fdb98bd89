//! Walk: from the root to a folder, past nothing that others can change.
//!
//! In: a path. Out: the folder it leads to, open; each folder on the way was checked after it was
//! opened in the one before. Links are followed where they belong to the user or to root.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf, absolute};

use crate::private::error::{Exposure, PrivateError};
use crate::private::group;
use crate::system::files::{self, FileFacts, FileKind, Links};
use crate::system::people;

/// The most links followed on one way, as many as the system itself follows.
const LINKS_MAX: usize = 40;

/// The most names of one way: no path that the system takes has more.
const NAMES_MAX: usize = 2_048;

/// What a walk does where there is no folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Makes it, for its owner only.
    Make,
    /// Ends.
    End,
}

/// Walks to the folder; `None` if it is missing.
pub(super) fn walk(path: &Path, missing: Missing) -> Result<Option<OwnedFd>, PrivateError> {
    let asked = absolute(path).map_err(|source| PrivateError::Io {
        path: path.to_owned(),
        source,
    })?;
    let mut walk = FolderWalk {
        asked: &asked,
        at: PathBuf::from("/"),
        handle: root(&asked)?,
        links: 0,
    };
    let mut left = names(&asked);
    for _ in 0..NAMES_MAX {
        let Some(name) = left.pop() else {
            return walk.end().map(Some);
        };
        walk.passable()?;
        match walk.step(&name, missing)? {
            WalkStep::In => {}
            WalkStep::Missing => return Ok(None),
            WalkStep::Link(target) => left.extend(names(&target)),
        }
    }
    Err(walk.failed(files::too_long()))
}

/// A way under way.
struct FolderWalk<'a> {
    asked: &'a Path,
    /// Where it is.
    at: PathBuf,
    handle: OwnedFd,
    links: usize,
}

/// What became of a step.
enum WalkStep {
    In,
    Missing,
    Link(PathBuf),
}

impl FolderWalk<'_> {
    /// Makes sure that only the user and root can rename what is in the folder.
    fn passable(&self) -> Result<(), PrivateError> {
        let about = files::about(&self.handle).map_err(|error| self.failed(error))?;
        self.owned(&about, &self.at)?;
        let mode = about.mode;
        let is_sticky = mode & 0o1000 != 0;
        let user = people::user();
        let is_open = mode & 0o002 != 0 || mode & 0o020 != 0 && !group::is_own(about.group, user);
        if is_open && !is_sticky {
            return Err(self.exposed(&self.at, Exposure::Writable { mode }));
        }
        Ok(())
    }

    /// Makes sure that something belongs to the user or to root.
    fn owned(&self, about: &FileFacts, at: &Path) -> Result<(), PrivateError> {
        let expected = people::user();
        let owner = about.owner;
        if owner != expected && owner != 0 {
            return Err(self.exposed(at, Exposure::Owner { owner, expected }));
        }
        Ok(())
    }

    fn step(&mut self, name: &OsStr, missing: Missing) -> Result<WalkStep, PrivateError> {
        let next = match name.as_encoded_bytes() {
            b".." => self.at.parent().unwrap_or(Path::new("/")).to_owned(),
            _ => self.at.join(name),
        };
        let fail = |source: io::Error| PrivateError::Io {
            path: next.clone(),
            source,
        };
        let look = || files::about_at(&self.handle, name, Links::Themselves);
        let about = match look() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if missing == Missing::End {
                    return Ok(WalkStep::Missing);
                }
                match files::make_folder_at(&self.handle, name) {
                    // Somebody was quicker; who, is checked next.
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    made => made.map_err(fail)?,
                }
                look().map_err(fail)?
            }
            about => about.map_err(fail)?,
        };
        if about.kind == FileKind::Link {
            self.owned(&about, &next)?;
            return self.follow(name).map(WalkStep::Link);
        }
        self.handle = files::pass_at(&self.handle, name).map_err(fail)?;
        self.at = next;
        Ok(WalkStep::In)
    }

    /// Where a link leads, from here or from the root.
    fn follow(&mut self, name: &OsStr) -> Result<PathBuf, PrivateError> {
        self.links += 1;
        if self.links > LINKS_MAX {
            return Err(self.failed(files::looping()));
        }
        let target = files::target_at(&self.handle, name);
        let target = target.map_err(|error| self.failed(error))?;
        if target.is_absolute() {
            self.handle = root(self.asked)?;
            self.at = PathBuf::from("/");
        }
        Ok(target)
    }

    /// The folder at the end of the way, to be read and written in.
    fn end(&self) -> Result<OwnedFd, PrivateError> {
        let opened = files::folder_at(&self.handle, ".");
        opened.or_else(|error| {
            // Of a folder that may not even be read it matters more whose it is.
            let about = files::about(&self.handle).map_err(|error| self.failed(error))?;
            self.owned(&about, &self.at)?;
            Err(self.failed(error))
        })
    }

    fn failed(&self, source: io::Error) -> PrivateError {
        PrivateError::Io {
            path: self.at.clone(),
            source,
        }
    }

    fn exposed(&self, at: &Path, exposure: Exposure) -> PrivateError {
        PrivateError::Exposed {
            path: self.asked.to_owned(),
            at: at.to_owned(),
            exposure,
        }
    }
}

fn root(asked: &Path) -> Result<OwnedFd, PrivateError> {
    files::root().map_err(|source| PrivateError::Io {
        path: asked.to_owned(),
        source,
    })
}

/// The names of a path, the last one first.
fn names(path: &Path) -> Vec<OsString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    let mut names: Vec<_> = names.collect();
    names.reverse();
    names
}
