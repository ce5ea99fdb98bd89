//! A server over a real socket, with a session that answers everything and clients that do not
//! behave.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::control::protocol::{Order, ProblemKind, REQUEST_BYTES_MAX, Reply};
use crate::control::server::CLIENTS_MAX;
use crate::control::{Client, Found, Server, Setup, sessions};
use crate::observe::{
    Cause, ChangeAction, ChangeCost, Event, EventSink, NoSink, Pace, PlannedEdit, PriorityReport,
    SessionState, Stalls, Status,
};
use crate::swap::ask::{ASKED_MAX, Answer, Asked, Command, ControlEnd, Insert, Reload, ends};

/// A server, and a thread that answers in the place of a session.
struct Rig {
    folder: tempfile::TempDir,
    server: Option<Server>,
    session: Option<JoinHandle<Vec<String>>>,
    /// Takes events in the place of a session.
    events: Arc<dyn EventSink>,
}

impl Rig {
    fn new() -> Self {
        let (control, asked) = ends(|| ());
        let mut rig = Self::without_session(control);
        rig.session = Some(thread::spawn(move || session(&asked)));
        rig
    }

    fn without_session(control: ControlEnd) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let events = control.sharing(Arc::new(NoSink));
        let server = Server::start(setup(folder.path(), control)).unwrap();
        Self {
            events,
            folder,
            server: Some(server),
            session: None,
        }
    }

    fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    fn client(&self) -> Client {
        Client::connect(self.server().path()).unwrap()
    }

    fn raw(&self) -> (UnixStream, BufReader<UnixStream>) {
        let stream = UnixStream::connect(self.server().path()).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let greeting: Value = serde_json::from_str(&line(&mut reader)).unwrap();
        assert_eq!(greeting["session"], "voice");
        (stream, reader)
    }

    /// Ends everything; answers who asked the session for what.
    fn end(mut self) -> Vec<String> {
        let path = self.server().path().to_owned();
        self.server.take().unwrap().stop();
        assert!(!path.exists(), "the socket is gone");
        drop(self.folder);
        self.session
            .take()
            .map_or_else(Vec::new, |it| it.join().unwrap())
    }
}

fn setup(folder: &Path, control: ControlEnd) -> Setup {
    Setup {
        folder: folder.to_owned(),
        name: "voice".to_owned(),
        config: "voice.toml".to_owned(),
        control,
        service: None,
        stop: Arc::default(),
        watch: crate::process::calls::CallWatch::default(),
    }
}

/// Answers until nobody can ask any more.
fn session(asked: &Receiver<Asked>) -> Vec<String> {
    let mut log = Vec::new();
    for asked in asked {
        let answer = match &asked.command {
            Command::Status => Answer::Status(Box::new(status())),
            Command::Swap(_) => Answer::Refused("no version of it is here".to_owned()),
            Command::Reload(Reload::DryRun(_)) => Answer::Planned(vec![PlannedEdit {
                stage: "tube".to_owned(),
                action: ChangeAction::Keep,
                what: String::new(),
                cost: ChangeCost::Nothing,
            }]),
            other => Answer::Done(format!("{other:?}")),
        };
        log.push(format!("{}: {}", asked.cause.who, asked.cause.why));
        let _ = asked.answer.send(answer);
    }
    log
}

fn status() -> Status {
    Status {
        session: "what the session thinks".to_owned(),
        config: "voice.toml".to_owned(),
        state: SessionState::Running,
        pace: Pace::RealTime,
        position_frames: 7,
        frames: None,
        sample_rate_hz: 48_000,
        latency_frames: 0,
        reserve_frames: 0,
        late_blocks: 0,
        lateness: None,
        stalls: Stalls::default(),
        waiting: None,
        priority: PriorityReport::default(),
        stages: Vec::new(),
        overrides: Vec::new(),
        receipts: Vec::new(),
        generations: Vec::new(),
    }
}

fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line
}

fn reply(reader: &mut impl BufRead) -> Reply {
    serde_json::from_str(&line(reader)).unwrap()
}

#[test]
fn every_kind_of_answer_comes_back_and_the_session_knows_who_asked() {
    let rig = Rig::new();
    let mut client = rig.client();
    let ask =
        |client: &mut Client, command: Command| client.ask(&Order::Ask(command), "a test").unwrap();
    let status = ask(&mut client, Command::Status).status.unwrap();
    assert_eq!((&*status.session, status.position_frames), ("voice", 7));
    assert_eq!(
        ask(
            &mut client,
            Command::Reload(Reload::DryRun(Insert::Refused))
        )
        .plan
        .unwrap()
        .len(),
        1
    );
    assert_eq!(ask(&mut client, Command::Pause).text.unwrap(), "Pause");
    let hello = client.ask(&Order::Hello, "").unwrap().hello.unwrap();
    assert_eq!(
        (hello.pid, &*hello.config),
        (std::process::id(), "voice.toml")
    );
    let (mut stream, mut reader) = rig.raw();
    stream
        .write_all(b"{\"id\":\"x\",\"command\":\"swap\",\"stage\":\"tube\"}\n")
        .unwrap();
    let refused = reply(&mut reader);
    assert_eq!((refused.id, refused.ok), (json!("x"), false));
    assert_eq!(refused.error.unwrap().kind, ProblemKind::Refused);
    drop((client, stream, reader));
    let log = rig.end();
    let own = format!("(pid {}): a test", std::process::id());
    assert_eq!(log.len(), 4, "{log:?}");
    assert!(
        log[0].starts_with("ctl: ") && log[0].ends_with(&own),
        "{log:?}"
    );
}

#[test]
fn lines_that_are_wrong_are_answered_and_the_connection_goes_on() {
    let rig = Rig::new();
    let (mut stream, mut reader) = rig.raw();
    let long = "x".repeat(REQUEST_BYTES_MAX + 1);
    let text = format!("nonsense\n{long}\n\n{{\"id\":1,\"command\":\"save\"}}\n");
    stream.write_all(text.as_bytes()).unwrap();
    for _ in 0..3 {
        let problem = reply(&mut reader).error.unwrap();
        assert_eq!(problem.kind, ProblemKind::Malformed, "{}", problem.text);
    }
    let done = reply(&mut reader);
    assert!(done.ok && done.id == json!(1));
    rig.end();
}

#[test]
fn a_hundred_clients_are_served_at_once() {
    let rig = Rig::new();
    let mut clients: Vec<_> = (0..100).map(|_| rig.client()).collect();
    for client in clients.iter_mut().rev() {
        assert!(client.ask(&Order::Ask(Command::Status), "").unwrap().ok);
    }
    assert_eq!(rig.end().len(), 100);
}

#[test]
fn idle_clients_keep_nobody_out_and_the_oldest_of_them_goes() {
    let rig = Rig::new();
    let mut clients: Vec<_> = (0..CLIENTS_MAX).map(|_| rig.raw()).collect();
    // Half a line is none: whoever sends it is idle all the same.
    clients[0].0.write_all(b"{\"command\"").unwrap();
    let mut operator = rig.client();
    assert!(operator.ask(&Order::Ask(Command::Status), "").unwrap().ok);
    assert_eq!(line(&mut clients[0].1), "", "the oldest was closed");
    let (stream, reader) = &mut clients[1];
    stream
        .write_all(b"{\"id\":1,\"command\":\"status\"}\n")
        .unwrap();
    assert!(reply(reader).ok, "the others stay");
    drop((operator, clients));
    rig.end();
}

#[test]
fn one_client_too_many_is_turned_away_and_has_room_once_another_went() {
    let rig = Rig::new();
    let mut clients: Vec<_> = (0..CLIENTS_MAX).map(|_| rig.client()).collect();
    for follower in &mut clients {
        assert!(follower.ask(&Order::Events, "").unwrap().ok);
    }
    let error = Client::connect(rig.server().path()).err().unwrap();
    assert!(error.to_string().contains("128 clients"), "{error}");
    clients.clear();
    // The server hears of them going in its own time: it may turn some away until then.
    let client = std::iter::repeat_with(|| Client::connect(rig.server().path()))
        .flatten()
        .next();
    assert!(client.is_some());
    rig.end();
}

#[test]
fn a_full_queue_answers_busy_and_a_session_that_is_over_says_so() {
    let (control, asked) = ends(|| ());
    for _ in 0..ASKED_MAX {
        drop(control.ask(Command::Save, Cause::default()).unwrap());
    }
    let rig = Rig::without_session(control);
    let mut client = rig.client();
    let mut kind = || {
        let reply = client.ask(&Order::Ask(Command::Status), "").unwrap();
        reply.error.unwrap().kind
    };
    assert_eq!(kind(), ProblemKind::Busy);
    drop(asked);
    assert_eq!(kind(), ProblemKind::Ended);
    rig.end();
}

#[test]
fn followers_get_events_and_the_end_and_one_that_never_reads_holds_up_nobody() {
    let rig = Rig::new();
    let mut follower = rig.client();
    assert!(follower.ask(&Order::Events, "").unwrap().ok);
    let (mut deaf, mut deaf_reader) = rig.raw();
    deaf.write_all(b"{\"command\":\"events\"}\n").unwrap();
    assert!(reply(&mut deaf_reader).ok);
    let events = Arc::clone(&rig.events);
    events.event(Event::Started {
        frames: None,
        sample_rate_hz: 44_100,
    });
    assert_eq!(rig.client().greeting().sample_rate_hz, 44_100);
    assert!(follower.followed().unwrap().unwrap().event.is_some());
    let notice = |number: usize| Event::Notice {
        text: format!("{number} {}", "x".repeat(4_096)),
    };
    // More than the socket and the queue of the one who reads nothing can hold.
    for number in 0..3_000 {
        events.event(notice(number));
        if number < 100 {
            let followed = follower.followed().unwrap().unwrap();
            assert_eq!(followed.event, Some(notice(number)));
        }
    }
    assert!(
        rig.client()
            .ask(&Order::Ask(Command::Status), "")
            .unwrap()
            .ok
    );
    let mut rest = 0;
    let mut dropped = 0;
    let reading = thread::spawn(move || {
        while let Some(followed) = follower.followed().unwrap() {
            match followed.event {
                Some(_) => rest += 1,
                None => {
                    let told: Value = serde_json::from_str(&followed.line).unwrap();
                    assert_eq!(told["event"], "dropped");
                    dropped += told["count"].as_u64().unwrap();
                }
            }
        }
        rest + dropped
    });
    rig.end();
    // What was lost after the last event that had room is not told any more.
    assert!(reading.join().unwrap() <= 2_900);
    drop(deaf);
}

#[test]
fn a_server_that_ends_answers_whoever_waits() {
    let (control, asked) = ends(|| ());
    let rig = Rig::without_session(control);
    let (mut stream, mut reader) = rig.raw();
    stream.write_all(b"{\"command\":\"save\"}\n").unwrap();
    let waiting = asked.recv().unwrap();
    rig.end();
    assert_eq!(reply(&mut reader).error.unwrap().kind, ProblemKind::Ended);
    assert_eq!(reader.read(&mut [0]).unwrap(), 0);
    drop(waiting);
}

#[test]
fn sessions_are_found_by_name_with_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let (control, _asked) = ends(|| ());
    let folders = [folder.path().to_owned()];
    assert_eq!(sessions(&folders), []);
    let one = Server::start(setup(folder.path(), control.clone())).unwrap();
    let other = Server::start(setup(folder.path(), control)).unwrap();
    let names = |found: Vec<Found>| -> Vec<(String, bool)> {
        found
            .into_iter()
            .map(|it| (it.name, it.greeting.is_some()))
            .collect()
    };
    let both = [("voice".to_owned(), true), ("voice-2".to_owned(), true)];
    assert_eq!(names(sessions(&folders)), both);
    assert_eq!((one.name(), other.name()), ("voice", "voice-2"));
    one.stop();
    assert_eq!(names(sessions(&folders)), both[1..]);
    drop(other);
    assert_eq!(sessions(&folders), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a client sends: it is answered or left, and the next one is served.
    #[test]
    fn any_bytes_leave_the_server_serving(
        bytes in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                Just(b"{\"command\":\"status\"}\n".to_vec()),
                Just(b"{\"command\":\"events\"}\n".to_vec()),
                Just(vec![b'['; 300]),
                Just(b"\n".to_vec()),
            ],
            0..12,
        )
    ) {
        let rig = Rig::new();
        let (mut stream, mut reader) = rig.raw();
        stream.write_all(&bytes.concat()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let served = rig.client().ask(&Order::Ask(Command::Status), "").unwrap();
        prop_assert!(served.ok);
        rig.end();
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        for line in rest.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            prop_assert!(value.is_object());
        }
    }
}
