//! Tests of the module above: see there what comes in and goes out.

use std::io;
use std::io::Cursor;

use super::*;

/// Gives half of a file, with an interruption, then fails.
struct Failing {
    bytes: Cursor<Vec<u8>>,
    interrupted: bool,
}

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match self.bytes.read(buffer)? {
            0 => Err(io::Error::from_raw_os_error(5)),
            read => Ok(read),
        }
    }
}

#[test]
fn an_input_that_fails_is_not_taken_for_the_end() {
    let mut bytes = include_bytes!("../../../../tests/data/stereo-16.flac").to_vec();
    bytes.truncate(bytes.len() / 2);
    let input = Failing {
        bytes: Cursor::new(bytes),
        interrupted: false,
    };
    let mut source = FlacSource::new("a.flac".to_owned(), None, input).unwrap();
    let mut block = Buffer::new(2, 5_000);
    let error = source.read(&mut block).unwrap_err();
    assert_eq!(error.to_string(), "a.flac cannot be read beyond frame 1152");
    let ReadError::Io { source, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(source.raw_os_error(), Some(5));
}
