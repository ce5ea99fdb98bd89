//! Client: speaks to the control socket of a session.
//!
//! In: a socket, an order. Out: the session's answer, or its events one by one.

use std::io::{self, BufReader, ErrorKind};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::control::error::ControlError;
use crate::control::line::{self, Line, Timed};
use crate::control::protocol::{
    ANSWER_BYTES_MAX, Greeting, Order, PROTOCOL, ProblemKind, Reply, written,
};
use crate::observe::Event;
use crate::swap::ask::Command;

/// How long a session may take to greet. It does so at once, whatever else it does.
const GREETING_WITHIN: Duration = Duration::from_secs(2);

/// How long a session may take to say how it is, or to do what takes no preparing.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long a change may take: libraries that are new are tried out first, each with a deadline, and
/// a disk that a file is saved on may be slow.
const CHANGE_WITHIN: Duration = Duration::from_secs(120);

/// How long a line may take to be taken.
const WRITE_WITHIN: Duration = Duration::from_secs(2);

/// A connection to a session.
pub struct Client {
    stream: UnixStream,
    reader: BufReader<Timed>,
    greeting: Greeting,
    asked: u64,
}

/// What comes to a follower.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// The line as it came.
    pub line: String,
    /// What it says; `None` for what is not known here.
    pub event: Option<Event>,
}

impl Client {
    /// Connects to a socket. Thread: control; it waits for the session.
    ///
    /// # Errors
    /// Who is not there, or says something else.
    pub fn connect(path: &Path) -> Result<Self, ControlError> {
        let stream = UnixStream::connect(path).map_err(|source| ControlError::Gone {
            path: path.to_owned(),
            source,
        })?;
        let client = Self::over(stream)?;
        if client.greeting.protocol != PROTOCOL {
            return Err(ControlError::Protocol {
                found: client.greeting.protocol,
                expected: PROTOCOL,
                segue: client.greeting.segue,
            });
        }
        Ok(client)
    }

    /// Takes the greeting of a session.
    pub(super) fn over(stream: UnixStream) -> Result<Self, ControlError> {
        let reader = BufReader::new(Timed::new(&stream).map_err(ControlError::Broken)?);
        let greeting = Greeting {
            segue: String::new(),
            protocol: 0,
            session: String::new(),
            pid: 0,
            config: String::new(),
            sample_rate_hz: 0,
        };
        let mut client = Self {
            stream,
            reader,
            greeting,
            asked: 0,
        };
        let line = client.line(Some(GREETING_WITHIN))?;
        client.greeting = serde_json::from_str(&line).map_err(|_| match problem(&line) {
            Some(text) => ControlError::Foreign(text),
            None => ControlError::Foreign(shown(&line)),
        })?;
        Ok(client)
    }

    /// What the session says of itself.
    #[must_use]
    pub const fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// Why there is none. What the session refuses is an answer.
    pub fn ask(&mut self, order: &Order, why: &str) -> Result<Reply, ControlError> {
        self.asked += 1;
        let line = written(self.asked, order, why);
        line::write(&self.stream, &line, WRITE_WITHIN).map_err(ControlError::Broken)?;
        let answer = self.line(Some(within(order)))?;
        let reply: Reply = serde_json::from_str(&answer)
            .map_err(|error| ControlError::Foreign(format!("{error}: {}", shown(&answer))))?;
        let is_ours = reply.id.as_u64() == Some(self.asked);
        match (is_ours, &reply.error) {
            (false, None) => Err(ControlError::Foreign(shown(&answer))),
            _ => Ok(reply),
        }
    }

    /// The next event, after `Order::Events` was answered; `None` when the session is over.
    ///
    /// # Errors
    /// What broke.
    pub fn followed(&mut self) -> Result<Option<Followed>, ControlError> {
        match self.line(None) {
            Ok(line) => Ok(Some(Followed {
                event: serde_json::from_str(&line).ok(),
                line,
            })),
            Err(ControlError::Ended) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn line(&mut self, within: Option<Duration>) -> Result<String, ControlError> {
        // For the whole line: a session that sends a byte now and then is late, too.
        self.reader.get_mut().within(within);
        let line = match line::read(&mut self.reader, ANSWER_BYTES_MAX) {
            Ok(Line::Whole(line)) => line,
            Ok(Line::End) => return Err(ControlError::Ended),
            Ok(Line::TooLong) => {
                let text = format!("a line of more than {ANSWER_BYTES_MAX} bytes");
                return Err(ControlError::Foreign(text));
            }
            Err(error) => return Err(late(error, within)),
        };
        String::from_utf8(line).map_err(|_| ControlError::Foreign("bytes that are no text".into()))
    }
}

fn late(error: io::Error, within: Option<Duration>) -> ControlError {
    match (error.kind(), within) {
        (ErrorKind::WouldBlock | ErrorKind::TimedOut, Some(within)) => ControlError::Late {
            seconds: within.as_secs(),
        },
        (ErrorKind::ConnectionReset, _) => ControlError::Ended,
        _ => ControlError::Broken(error),
    }
}

fn within(order: &Order) -> Duration {
    match order {
        Order::Hello | Order::Events => ANSWER_WITHIN,
        Order::Ask(command) => match command {
            Command::Status | Command::Pause | Command::Resume | Command::Stop => ANSWER_WITHIN,
            Command::Swap(_)
            | Command::Set { .. }
            | Command::Bypass { .. }
            | Command::Reload(_)
            | Command::Edit { .. }
            | Command::Rollback { .. }
            | Command::Reset { .. }
            | Command::Save => CHANGE_WITHIN,
        },
    }
}

/// What a session says in the place of a greeting.
fn problem(line: &str) -> Option<String> {
    let reply: Reply = serde_json::from_str(line).ok()?;
    let problem = reply.error?;
    match problem.kind {
        ProblemKind::Busy | ProblemKind::Forbidden => Some(problem.text),
        _ => None,
    }
}

/// The beginning of a line, for a message.
fn shown(line: &str) -> String {
    let beginning: String = line.chars().take(80).collect();
    beginning.escape_debug().to_string()
}
