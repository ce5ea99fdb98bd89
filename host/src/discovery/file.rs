//! File: one regular file, opened so that nothing can go wrong with it, read in small pieces.
//!
//! In: a name. Out: its stamp, its bytes at the offsets asked for, or why not. Nothing blocks,
//! nothing is mapped, and no more than a few megabytes are read whatever the file says of itself.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;

use object::read::{ReadCache, ReadCacheOps, ReadRef};
use std::ops::Range;

use crate::discovery::reasons::{NotAPlugin, Unreadable};
use crate::discovery::stamp::Stamp;
use crate::system::files::{self, FileKind, Links};

/// The largest library, in bytes. A plugin with its models and its debug information is smaller;
/// it is hashed and copied before it is opened.
pub const LIBRARY_BYTES_MAX: u64 = 1 << 30;

/// The most that is read of one library, in bytes: its headers, names, dynamic section, manifest.
const READ_BYTES_MAX: usize = 4 << 20;

/// The largest piece asked for at once, in bytes: a table of sixteen thousand section headers.
const PIECE_BYTES_MAX: u64 = 1 << 20;

/// How much is read ahead, in bytes. Tables lie close together: most libraries take three reads.
const WINDOW_BYTES: usize = 16 << 10;

/// How much of that lies before what was asked for: the names of sections come before the table.
const READ_BEHIND_BYTES: u64 = 2 << 10;

/// What stands under a name.
pub(crate) enum Name {
    /// A regular file.
    File(Stamp),
    /// Something else that is no plugin.
    Other(NotAPlugin),
    /// Nothing that can be read.
    Unreadable(Unreadable),
}

/// Looks at `name` in `folder` without opening it; links are followed.
pub(crate) fn look(folder: BorrowedFd<'_>, name: &OsStr) -> Name {
    let about = match files::about_at(folder, name, Links::Followed) {
        Ok(about) => about,
        Err(error) => return Name::Unreadable(why(&error, folder, name)),
    };
    let other = match about.kind {
        FileKind::File => return Name::File(Stamp::of(&about)),
        FileKind::Folder => NotAPlugin::Folder,
        FileKind::Pipe => NotAPlugin::Fifo,
        FileKind::Socket => NotAPlugin::Socket,
        FileKind::Link | FileKind::Device => NotAPlugin::Device,
    };
    Name::Other(other)
}

/// Why nothing could be learned of a name.
fn why(error: &io::Error, folder: BorrowedFd<'_>, name: &OsStr) -> Unreadable {
    match error.kind() {
        _ if files::is_loop(error) => Unreadable::LoopingLink,
        io::ErrorKind::NotFound => match files::about_at(folder, name, Links::Themselves) {
            Ok(_) => Unreadable::DanglingLink,
            Err(_) => Unreadable::Missing,
        },
        _ => Unreadable::System(error.to_string()),
    }
}

/// Opens a file that `look` found to be regular, and makes sure that it still is.
pub(crate) fn open(folder: BorrowedFd<'_>, name: &OsStr) -> io::Result<(File, Stamp)> {
    let file = files::open_at(folder, name, Links::Followed)?;
    let about = files::about(&file)?;
    if about.kind != FileKind::File {
        return Err(io::Error::other("it is no regular file any more"));
    }
    Ok((file, Stamp::of(&about)))
}

/// The bytes of a file as `object` asks for them.
pub(crate) struct Pieces {
    cache: ReadCache<Window>,
    size_bytes: u64,
}

impl Pieces {
    /// Prepares to read `file`, which has `size_bytes`.
    pub(crate) fn new(file: File, size_bytes: u64) -> Self {
        let cache = ReadCache::new(Window {
            file,
            size_bytes,
            at: 0,
            bytes: Vec::new(),
            start: 0,
            left: READ_BYTES_MAX,
            failure: None,
        });
        Self { cache, size_bytes }
    }

    /// A reference that `object`'s parsers take.
    pub(crate) fn whole(&self) -> FilePiece<'_> {
        FilePiece {
            cache: &self.cache,
            start: 0,
            size_bytes: self.size_bytes,
        }
    }

    /// What the system said when a read failed.
    pub(crate) fn into_failure(self) -> Option<io::Error> {
        self.cache.into_inner().failure
    }
}

/// Bounds what is asked for. `ReadCache` makes room for a piece before it reads it, and a file of
/// holes may claim tables of any size.
#[derive(Clone, Copy)]
pub(crate) struct FilePiece<'a> {
    cache: &'a ReadCache<Window>,
    start: u64,
    size_bytes: u64,
}

impl FilePiece<'_> {
    /// The part of the file from `offset` on, as far as there is one.
    pub(crate) fn part(self, offset: u64, size_bytes: u64) -> Self {
        let offset = offset.min(self.size_bytes);
        Self {
            cache: self.cache,
            start: self.start + offset,
            size_bytes: size_bytes.min(self.size_bytes - offset),
        }
    }

    /// Where `range` of this part is in the file.
    fn in_file(self, range: Range<u64>) -> Result<Range<u64>, ()> {
        if range.start > range.end || range.end > self.size_bytes {
            return Err(());
        }
        Ok(self.start + range.start..self.start + range.end)
    }
}

impl<'a> ReadRef<'a> for FilePiece<'a> {
    fn len(self) -> Result<u64, ()> {
        Ok(self.size_bytes)
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> Result<&'a [u8], ()> {
        if size > PIECE_BYTES_MAX {
            return Err(());
        }
        let end = offset.checked_add(size).ok_or(())?;
        let range = self.in_file(offset..end)?;
        self.cache.read_bytes_at(range.start, size)
    }

    fn read_bytes_at_until(self, range: Range<u64>, delimiter: u8) -> Result<&'a [u8], ()> {
        self.cache
            .read_bytes_at_until(self.in_file(range)?, delimiter)
    }
}

/// A file and the part of it that was read last.
struct Window {
    file: File,
    size_bytes: u64,
    /// Where the next read starts.
    at: u64,
    bytes: Vec<u8>,
    /// Where in the file `bytes` starts.
    start: u64,
    /// How many bytes may still be handed out.
    left: usize,
    failure: Option<io::Error>,
}

impl Window {
    /// The bytes from `at` on that are at hand, at least one unless the file ends there.
    fn ahead(&mut self) -> Result<&[u8], ()> {
        let end = self.start + self.bytes.len() as u64;
        if !(self.start..end).contains(&self.at) {
            self.start = self.at.saturating_sub(READ_BEHIND_BYTES);
            self.bytes.resize(WINDOW_BYTES, 0);
            let read = self.file.read_at(&mut self.bytes, self.start);
            self.bytes.truncate(*read.as_ref().unwrap_or(&0));
            if let Err(error) = read {
                self.failure = Some(error);
                return Err(());
            }
        }
        let offset = (self.at - self.start) as usize; // Within the window, as made sure above.
        Ok(self.bytes.get(offset..).unwrap_or(&[]))
    }
}

impl ReadCacheOps for Window {
    fn len(&mut self) -> Result<u64, ()> {
        Ok(self.size_bytes)
    }

    fn seek(&mut self, position: u64) -> Result<u64, ()> {
        self.at = position;
        Ok(position)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ()> {
        let ahead = self.ahead()?;
        let read = ahead.len().min(buffer.len());
        buffer[..read].copy_from_slice(&ahead[..read]);
        self.left = self.left.checked_sub(read).ok_or(())?;
        self.at += read as u64;
        Ok(read)
    }

    fn read_exact(&mut self, mut buffer: &mut [u8]) -> Result<(), ()> {
        while !buffer.is_empty() {
            let read = self.read(buffer)?;
            if read == 0 {
                return Err(()); // The file became shorter since it was opened.
            }
            buffer = &mut buffer[read..];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of so many zeros that takes no room.
    fn holes(size_bytes: u64) -> Pieces {
        let file = tempfile::tempfile().unwrap();
        file.set_len(size_bytes).unwrap();
        Pieces::new(file, size_bytes)
    }

    #[test]
    fn no_large_piece_is_read_and_not_too_many_small_ones() {
        let pieces = holes(64 << 20);
        let whole = pieces.whole();
        assert!(whole.read_bytes_at(0, PIECE_BYTES_MAX + 1).is_err());
        let taken = (0..64).take_while(|at| whole.read_bytes_at(at << 20, 1 << 20).is_ok());
        assert_eq!(taken.count(), READ_BYTES_MAX >> 20);
    }

    #[test]
    fn nothing_is_read_past_a_part() {
        let pieces = holes(100);
        let part = pieces.whole().part(90, u64::MAX);
        assert_eq!(part.read_bytes_at(5, 5), Ok(&[0; 5][..]));
        assert!(part.read_bytes_at(5, 6).is_err());
        assert!(part.read_bytes_at(u64::MAX, 2).is_err());
        assert!(part.read_bytes_at(u64::MAX - 5, 5).is_err());
        assert_eq!(part.read_bytes_at_until(0..10, 0), Ok(&[][..]));
        let (start, end) = (u64::MAX, 3);
        assert!(part.read_bytes_at_until(start..end, 0).is_err());
        assert!(part.read_bytes_at_until(0..11, 0).is_err());
        assert!(
            pieces
                .whole()
                .part(u64::MAX, 5)
                .read_bytes_at(0, 1)
                .is_err()
        );
    }

    #[test]
    fn a_file_that_became_shorter_ends() {
        let file = tempfile::tempfile().unwrap();
        let pieces = Pieces::new(file, 10);
        assert!(pieces.whole().read_bytes_at(0, 5).is_err());
        assert!(pieces.into_failure().is_none());
    }
}
