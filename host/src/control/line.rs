//! Line: lines from and to a socket, bounded in length and in time.
//!
//! In: a stream that may send anything, or read nothing. Out: whole lines; a deadline for each
//! line that is written, whatever the other side does.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, without its end.
    Whole(Vec<u8>),
    /// A line past the bound; it was thrown away up to its end.
    TooLong,
    /// The other side said all it had to say.
    End,
}

/// Reads the next line of at most so many bytes. One that the stream ends in counts as a line.
pub(super) fn read(from: &mut impl BufRead, bytes_max: usize) -> io::Result<Line> {
    let mut line = Vec::new();
    let limit = bytes_max as u64 + 1;
    from.by_ref().take(limit).read_until(b'\n', &mut line)?;
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
        return Ok(Line::Whole(line));
    }
    if line.len() > bytes_max {
        skip(from)?;
        return Ok(Line::TooLong);
    }
    match line.is_empty() {
        true => Ok(Line::End),
        false => Ok(Line::Whole(line)),
    }
}

/// Reads on to the end of the line and keeps nothing of it.
fn skip(from: &mut impl BufRead) -> io::Result<()> {
    loop {
        let seen = match from.fill_buf() {
            Ok(seen) => seen,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = seen.iter().position(|byte| *byte == b'\n');
        let (used, is_over) = match end {
            Some(at) => (at + 1, true),
            None => (seen.len(), seen.is_empty()),
        };
        from.consume(used);
        if is_over {
            return Ok(());
        }
    }
}

/// A reader of a stream's lines.
pub(super) fn reader(stream: &UnixStream) -> io::Result<BufReader<UnixStream>> {
    Ok(BufReader::new(stream.try_clone()?))
}

/// A stream that is read until a moment, however the bytes come: one a second does not help.
#[derive(Debug)]
pub(super) struct Timed {
    stream: UnixStream,
    until: Option<Instant>,
}

impl Timed {
    /// Reads of this stream; without a deadline at first.
    pub(super) fn new(stream: &UnixStream) -> io::Result<Self> {
        let stream = stream.try_clone()?;
        Ok(Self {
            stream,
            until: None,
        })
    }

    /// From now on reads have so long together; `None` for ever.
    pub(super) fn within(&mut self, time: Option<Duration>) {
        self.until = time.map(|time| Instant::now() + time);
    }
}

impl Read for Timed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self
            .until
            .map(|until| until.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(left)?;
        self.stream.read(bytes)
    }
}

/// Writes a text and the end of its line, all of it within so long.
pub(super) fn write(mut stream: &UnixStream, text: &str, within: Duration) -> io::Result<()> {
    let line = format!("{text}\n");
    let started = Instant::now();
    let mut left = line.as_bytes();
    while !left.is_empty() {
        let time = within.saturating_sub(started.elapsed());
        if time.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(Some(time))?;
        match stream.write(left) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => left = &left[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(bytes: &[u8], bytes_max: usize) -> Vec<Line> {
        let mut reader = BufReader::with_capacity(3, bytes);
        let mut lines = Vec::new();
        loop {
            match read(&mut reader, bytes_max).unwrap() {
                Line::End => return lines,
                line => lines.push(line),
            }
        }
    }

    fn whole(text: &str) -> Line {
        Line::Whole(text.as_bytes().to_vec())
    }

    #[test]
    fn a_line_past_the_bound_is_thrown_away_and_the_next_one_is_read() {
        assert_eq!(
            lines(b"abcd\r\nabcde\nx\n", 5),
            [whole("abcd"), whole("abcde"), whole("x")]
        );
        assert_eq!(lines(b"abcdefg\nx", 4), [Line::TooLong, whole("x")]);
        assert_eq!(lines(b"abcdefg", 4), [Line::TooLong]);
        assert_eq!(lines(b"\n\n", 4), [whole(""), whole("")]);
    }

    proptest! {
        #[test]
        fn lines_are_those_that_a_split_finds(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..80)
        ) {
            let mut parts: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
            parts.pop_if(|last| last.is_empty());
            let expected: Vec<_> = parts.into_iter().map(|part| {
                match part.len() > 6 {
                    true => Line::TooLong,
                    false => Line::Whole(part.to_vec()),
                }
            }).collect();
            let has_return = bytes.contains(&b'\r');
            prop_assume!(!has_return);
            prop_assert_eq!(lines(&bytes, 6), expected);
        }
    }

    #[test]
    fn a_line_that_comes_byte_by_byte_has_one_deadline() {
        let (mut one, other) = UnixStream::pair().unwrap();
        let (over, is_over) = std::sync::mpsc::channel::<()>();
        let drips = std::thread::spawn(move || {
            while is_over.recv_timeout(Duration::from_millis(5)).is_err() && one.write(b"x").is_ok()
            {
            }
        });
        let mut reader = BufReader::new(Timed::new(&other).unwrap());
        reader.get_mut().within(Some(Duration::from_millis(60)));
        let error = read(&mut reader, 1 << 20).unwrap_err();
        assert!(matches!(
            error.kind(),
            ErrorKind::TimedOut | ErrorKind::WouldBlock
        ));
        over.send(()).unwrap();
        drips.join().unwrap();
    }

    #[test]
    fn a_reader_that_reads_nothing_ends_the_write() {
        let (one, _other) = UnixStream::pair().unwrap();
        let text = "x".repeat(8 << 20);
        let error = write(&one, &text, Duration::from_millis(20)).unwrap_err();
        assert!(matches!(
            error.kind(),
            ErrorKind::TimedOut | ErrorKind::WouldBlock
        ));
    }
}
