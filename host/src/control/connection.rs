//! Connection: one client of a session, from its first line to its last.
//!
//! In: lines of a client. Out: an answer for each, in their order; or events until it goes. Runs
//! on a thread of its own; whatever the client does or does not do, it holds up nobody else.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::control::line::{self, Line};
use crate::control::peer::Peer;
use crate::control::protocol::{Greeting, ProblemKind, REQUEST_BYTES_MAX, Reply};
use crate::control::request::{self, Order, Wanted};
use crate::control::service::Service;
use crate::observe::{Cause, Event};
use crate::process::calls::CallWatch;
use crate::swap::ask::{Answer, Command, ControlEnd, NotTaken, Reload};
use crate::swap::events::NoEvent;
use crate::system::people;
use crate::system::streams::{self, WaitFor};

/// How long a client may take to read a line. One that takes longer is left.
const WRITE_WITHIN: Duration = Duration::from_secs(2);

/// How long a session may take to say how it is, or that it ends. It answers between two blocks;
/// one that waits for its input, or for whoever reads its output, has none.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// How long a call of a stage may take before the session is said to be stuck in it.
const CALL_WITHIN: Duration = Duration::from_secs(1);

/// The signal that `stop` is taken as.
const SIGTERM: usize = 15;

/// How often a wait looks whether the server ends, or the client went.
const LOOK: Duration = Duration::from_millis(100);

/// What every connection of a session shares.
pub(super) struct Shared {
    /// What is always the same of the greeting.
    pub(super) greeting: Greeting,
    pub(super) control: ControlEnd,
    pub(super) service: Option<Arc<Service>>,
    /// Becomes a signal's number when the session has to end.
    pub(super) stop: Arc<AtomicUsize>,
    /// Where it is seen which stage its thread is calling.
    pub(super) watch: CallWatch,
    /// Raised when the server ends.
    pub(super) is_over: AtomicBool,
}

/// What a client does: it is idle until it has sent a whole line, and again once that is answered.
/// Whoever follows events is never idle.
#[derive(Debug)]
pub(super) struct Activity(Mutex<Option<Instant>>);

impl Activity {
    /// Idle, from now on.
    pub(super) fn new() -> Self {
        Self(Mutex::new(Some(Instant::now())))
    }

    fn begin(&self) {
        self.set(None);
    }

    fn end(&self) {
        self.set(Some(Instant::now()));
    }

    fn set(&self, idle_since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = idle_since;
    }

    /// Since when it is idle; `None` while something is done for it.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// What the session says of itself now.
    fn greeting(&self) -> Greeting {
        Greeting {
            sample_rate_hz: self.control.sample_rate_hz(),
            ..self.greeting.clone()
        }
    }
}

/// Answers a client until it goes or the server ends.
///
/// # Errors
/// What the system says; the client is gone then.
pub(super) fn serve(stream: &UnixStream, shared: &Shared, activity: &Activity) -> io::Result<()> {
    let peer = Peer::of(stream)?;
    if !peer.may_ask(people::user()) {
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
        activity.begin();
        match request::read(&line) {
            Ok(wanted) if wanted.order == Order::Events => {
                return follow(stream, shared, wanted.id);
            }
            Ok(wanted) => send(stream, &answer(shared, &peer, wanted))?,
            Err(reply) => send(stream, &reply)?,
        }
        activity.end();
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
    let is_reload = matches!(command, Command::Reload(Reload::Apply(_)));
    let _reloading = service.filter(|_| is_reload).map(Service::reloading);
    let reply = ask(shared, id, command.clone(), Cause { who, why });
    if let (Some(service), true) = (service, reply.ok) {
        service.heard(&command);
    }
    reply
}

/// Asks the session and waits for its answer, as long as there is a session.
fn ask(shared: &Shared, id: Value, command: Command, cause: Cause) -> Reply {
    let patience = patience(&command);
    let answered = match shared.control.ask(command, cause) {
        Ok(answered) => answered,
        Err(busy @ NotTaken::Busy) => {
            return Reply::problem(id, ProblemKind::Busy, busy.to_string());
        }
        Err(NotTaken::Ended) => return ended(id),
    };
    match wait(shared, &answered, patience) {
        Waited::Answered(answer) => answered_by(shared, id, answer, patience),
        Waited::Over => ended(id),
        Waited::Silent(stuck) if patience == AnswerWait::Ends => {
            shared.stop.store(SIGTERM, Ordering::Relaxed);
            let text = match stuck {
                None => "the session ends".to_owned(),
                Some(stuck) => format!("the session ends without an answer: {stuck}"),
            };
            Reply::of(id, Answer::Done(text))
        }
        Waited::Silent(Some(stuck)) => {
            let text =
                format!("the session is stuck: {stuck}; `segue ctl stop` ends it all the same");
            Reply::problem(id, ProblemKind::Busy, text)
        }
        Waited::Silent(None) => {
            let text = "the stream has not begun, or stands still: the session waits for its \
                        input, or for whoever reads its output; `segue ctl stop` ends it all the \
                        same";
            Reply::problem(id, ProblemKind::Busy, text)
        }
    }
}

/// What a session answered, with what is known of a stage that it is stuck in.
fn answered_by(shared: &Shared, id: Value, answer: Answer, patience: AnswerWait) -> Reply {
    match answer {
        Answer::Status(mut status) => {
            status.session.clone_from(&shared.greeting.session);
            Reply {
                text: stuck(shared).map(|stuck| format!("the session is stuck: {stuck}")),
                ..Reply::of(id, Answer::Status(status))
            }
        }
        Answer::Done(text) if patience == AnswerWait::Ends => {
            let text = match stuck(shared) {
                None => text,
                Some(stuck) => format!("{text}; {stuck}, and is not waited for"),
            };
            Reply::of(id, Answer::Done(text))
        }
        answer => Reply::of(id, answer),
    }
}

/// What becomes of a command that is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnswerWait {
    /// It is waited for: the work takes as long as it takes.
    Endless,
    /// It is given up.
    Short,
    /// The session ends without it.
    Ends,
}

const fn patience(command: &Command) -> AnswerWait {
    match command {
        Command::Status => AnswerWait::Short,
        Command::Stop => AnswerWait::Ends,
        Command::Swap(_)
        | Command::Set { .. }
        | Command::Bypass { .. }
        | Command::Reload(_)
        | Command::Edit { .. }
        | Command::Rollback { .. }
        | Command::Reset { .. }
        | Command::Save
        | Command::Pause
        | Command::Resume => AnswerWait::Endless,
    }
}

/// How a wait for an answer ended.
enum Waited {
    Answered(Answer),
    /// There is no session any more.
    Over,
    /// It said nothing in time; which stage it is stuck in, if it is.
    Silent(Option<String>),
}

fn wait(shared: &Shared, answered: &Receiver<Answer>, patience: AnswerWait) -> Waited {
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
        if patience == AnswerWait::Endless {
            continue;
        }
        let stuck = stuck(shared);
        if stuck.is_some() || began.elapsed() > ANSWERS_WITHIN {
            return Waited::Silent(stuck);
        }
    }
}

/// Which stage does not come back from a call, in words, if one does not.
fn stuck(shared: &Shared) -> Option<String> {
    let standing = shared.watch.look(Instant::now())?;
    let elapsed = standing.since.elapsed();
    (elapsed >= CALL_WITHIN).then(|| {
        let (call, seconds) = (standing.call, elapsed.as_secs());
        format!("{call} has not come back from a call for {seconds} s")
    })
}

fn ended(id: Value) -> Reply {
    let text = "the session ended before it answered";
    Reply::problem(id, ProblemKind::Ended, text)
}

/// Sends events until the session ends or the client goes.
fn follow(stream: &UnixStream, shared: &Shared, id: Value) -> io::Result<()> {
    let events = shared.control.events();
    send(stream, &Reply::new(id))?;
    loop {
        let event = match events.next(LOOK) {
            Ok(event) => event,
            Err(NoEvent::Yet) if has_gone(stream) => return Ok(()),
            Err(NoEvent::Yet) => continue,
            Err(NoEvent::Ended) => return Ok(()),
        };
        line::write(stream, &serde_json::to_string(&*event)?, WRITE_WITHIN)?;
        let count = events.dropped();
        if count > 0 {
            let told = serde_json::to_string(&Event::Dropped { count })?;
            line::write(stream, &told, WRITE_WITHIN)?;
        }
    }
}

/// Whether nobody is at the other end any more.
fn has_gone(stream: &UnixStream) -> bool {
    let seen = streams::wait([(stream.as_fd(), WaitFor::Going)], Some(Duration::ZERO));
    seen.is_ok_and(|[end]| end.is_gone())
}
