//! Connection: one client of a session, from its first line to its last.
//!
//! In: lines of a client. Out: an answer for each, in their order; or events until it goes. Runs
//! on a thread of its own; whatever the client does or does not do, it holds up nobody else.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::Value;

use crate::control::broadcast::Broadcast;
use crate::control::line::{self, Line};
use crate::control::peer::Peer;
use crate::control::protocol::{Greeting, ProblemKind, REQUEST_BYTES_MAX, Reply};
use crate::control::request::{self, Order, Wanted};
use crate::control::service::Service;
use crate::observe::Cause;
use crate::swap::ask::{ASKED_MAX, Answer, Asked, Command, Reload};

/// How long a client may take to read a line. One that takes longer is left.
const WRITE_WITHIN: Duration = Duration::from_secs(2);

/// How long a session may take to say how it is, or that it ends. It answers between two blocks;
/// one that waits for its input, or for whoever reads its output, has none.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// The signal that `stop` is taken as.
const SIGTERM: usize = 15;

/// How often a wait looks whether the server ends, or the client went.
const LOOK: Duration = Duration::from_millis(100);

/// What every connection of a session shares.
pub(super) struct Shared {
    /// What is always the same of the greeting.
    pub(super) greeting: Greeting,
    pub(super) sender: SyncSender<Asked>,
    pub(super) broadcast: Arc<Broadcast>,
    pub(super) service: Option<Arc<Service>>,
    /// Becomes a signal's number when the session has to end.
    pub(super) stop: Arc<AtomicUsize>,
    /// Raised when the server ends.
    pub(super) is_over: AtomicBool,
}

impl Shared {
    /// What the session says of itself now.
    fn greeting(&self) -> Greeting {
        Greeting {
            sample_rate_hz: self.broadcast.sample_rate_hz(),
            ..self.greeting.clone()
        }
    }
}

/// Answers a client until it goes or the server ends.
///
/// # Errors
/// What the system says; the client is gone then.
pub(super) fn serve(stream: &UnixStream, shared: &Shared) -> io::Result<()> {
    let peer = Peer::of(stream)?;
    if !peer.may_ask(rustix::process::geteuid().as_raw()) {
        let text = "only the owner of the session may ask it";
        let reply = Reply::problem(Value::Null, ProblemKind::Forbidden, text);
        return send(stream, &reply);
    }
    let greeting = serde_json::to_string(&shared.greeting())?;
    line::write(stream, &greeting, WRITE_WITHIN)?;
    let mut reader = line::reader(stream)?;
    loop {
        let line = match line::read(&mut reader, REQUEST_BYTES_MAX)? {
            Line::Whole(line) => line,
            Line::TooLong => {
                let text = format!("the line has more than {REQUEST_BYTES_MAX} bytes");
                let reply = Reply::problem(Value::Null, ProblemKind::Malformed, text);
                send(stream, &reply)?;
                continue;
            }
            Line::End => return Ok(()),
        };
        match request::read(&line) {
            Ok(wanted) if wanted.order == Order::Events => {
                return follow(stream, shared, wanted.id);
            }
            Ok(wanted) => send(stream, &answer(shared, &peer, wanted))?,
            Err(reply) => send(stream, &reply)?,
        }
    }
}

/// Tells a client that there are too many already.
pub(super) fn turn_away(stream: &UnixStream, clients_max: usize) {
    let text = format!("{clients_max} clients are connected already");
    let reply = Reply::problem(Value::Null, ProblemKind::Busy, text);
    // Whoever does not read it in this moment sees the connection closed.
    let _ = line::write(stream, &reply.line(), LOOK);
}

fn send(stream: &UnixStream, reply: &Reply) -> io::Result<()> {
    line::write(stream, &reply.line(), WRITE_WITHIN)
}

fn answer(shared: &Shared, peer: &Peer, wanted: Wanted) -> Reply {
    let Wanted { id, why, order } = wanted;
    let command = match order {
        Order::Ask(command) => command,
        Order::Hello | Order::Events => {
            return Reply {
                hello: Some(shared.greeting()),
                ..Reply::new(id)
            };
        }
    };
    let who = peer.who();
    let service = shared.service.as_deref();
    let is_reload = command == Command::Reload(Reload::Apply);
    let _reloading = service.filter(|_| is_reload).map(Service::reloading);
    let reply = ask(shared, id, command.clone(), Cause { who, why });
    if let (Some(service), true) = (service, reply.ok) {
        service.heard(&command);
    }
    reply
}

/// Asks the session and waits for its answer, as long as there is a session.
fn ask(shared: &Shared, id: Value, command: Command, cause: Cause) -> Reply {
    let (answer, answered) = sync_channel(1);
    let patience = patience(&command);
    let asked = Asked {
        command,
        cause,
        answer,
    };
    match shared.sender.try_send(asked) {
        Ok(()) => {}
        Err(TrySendError::Full(_)) => {
            let text = format!("{ASKED_MAX} requests wait already; ask again in a moment");
            return Reply::problem(id, ProblemKind::Busy, text);
        }
        Err(TrySendError::Disconnected(_)) => return ended(id),
    }
    match wait(shared, &answered, patience) {
        Waited::Answered(Answer::Status(mut status)) => {
            status.session.clone_from(&shared.greeting.session);
            Reply::of(id, Answer::Status(status))
        }
        Waited::Answered(answer) => Reply::of(id, answer),
        Waited::Over => ended(id),
        Waited::Silent if patience == Patience::Ends => {
            shared.stop.store(SIGTERM, Ordering::Relaxed);
            Reply::of(id, Answer::Done("the session ends".to_owned()))
        }
        Waited::Silent => {
            let text = "the stream stands still: the session waits for its input, or for whoever \
                        reads its output; `segue ctl stop` ends it all the same";
            Reply::problem(id, ProblemKind::Busy, text)
        }
    }
}

/// What becomes of a command that is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// It is waited for: the work takes as long as it takes.
    Endless,
    /// It is given up.
    Short,
    /// The session ends without it.
    Ends,
}

const fn patience(command: &Command) -> Patience {
    match command {
        Command::Status => Patience::Short,
        Command::Stop => Patience::Ends,
        Command::Swap(_)
        | Command::Set { .. }
        | Command::Bypass { .. }
        | Command::Reload(_)
        | Command::Edit { .. }
        | Command::Rollback { .. }
        | Command::Reset { .. }
        | Command::Save
        | Command::Pause
        | Command::Resume => Patience::Endless,
    }
}

/// How a wait for an answer ended.
enum Waited {
    Answered(Answer),
    /// There is no session any more.
    Over,
    /// It said nothing in time.
    Silent,
}

fn wait(shared: &Shared, answered: &Receiver<Answer>, patience: Patience) -> Waited {
    let began = Instant::now();
    loop {
        match answered.recv_timeout(LOOK) {
            Ok(answer) => return Waited::Answered(answer),
            Err(RecvTimeoutError::Disconnected) => return Waited::Over,
            Err(RecvTimeoutError::Timeout) if shared.is_over.load(Ordering::Acquire) => {
                return Waited::Over;
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if patience != Patience::Endless && began.elapsed() > ANSWERS_WITHIN {
            return Waited::Silent;
        }
    }
}

fn ended(id: Value) -> Reply {
    let text = "the session ended before it answered";
    Reply::problem(id, ProblemKind::Ended, text)
}

/// Sends events until the session ends or the client goes.
fn follow(stream: &UnixStream, shared: &Shared, id: Value) -> io::Result<()> {
    let following = shared.broadcast.follow();
    send(stream, &Reply::new(id))?;
    loop {
        let event = match following.queue.recv_timeout(LOOK) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) if has_gone(stream) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        line::write(stream, &serde_json::to_string(&*event)?, WRITE_WITHIN)?;
        let dropped = following.dropped();
        if dropped > 0 {
            let told = format!(r#"{{"event":"dropped","count":{dropped}}}"#);
            line::write(stream, &told, WRITE_WITHIN)?;
        }
    }
}

/// Whether nobody is at the other end any more.
fn has_gone(stream: &UnixStream) -> bool {
    let mut ends = [PollFd::new(stream, PollFlags::empty())];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let seen = poll(&mut ends, Some(&now));
    seen.is_ok()
        && ends[0]
            .revents()
            .intersects(PollFlags::HUP | PollFlags::ERR)
}
