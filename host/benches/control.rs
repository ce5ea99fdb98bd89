//! How long a question to a running session takes: `cargo bench -p segue --bench control`.
//!
//! The session answers at once; what is measured is socket, threads, queue and JSON.

use std::sync::mpsc::Receiver;
use std::thread;

use divan::Bencher;
use segue::control::protocol::Order;
use segue::control::{Client, Server, Setup};
use segue::observe::{
    Pace, PriorityReport, SessionState, StageCondition, StageStatus, Stalls, Status,
};
use segue::swap::ask::{Answer, Asked, Command, ends};

fn main() {
    divan::main();
}

fn status(stages: usize) -> Status {
    let stage = |number: usize| StageStatus {
        id: format!("stage-{number}"),
        component: "segue.filters/eq".to_owned(),
        version: "1.2.0".to_owned(),
        state: StageCondition::Heard,
        latency_frames: 0,
        params: vec![("gain_db".to_owned(), -6.0); 8],
        outputs: Vec::new(),
        rollback: None,
        pending: None,
    };
    Status {
        session: String::new(),
        config: "voice.toml".to_owned(),
        state: SessionState::Running,
        pace: Pace::RealTime,
        position_frames: 0,
        frames: None,
        sample_rate_hz: 48_000,
        latency_frames: 0,
        reserve_frames: 0,
        late_blocks: 0,
        lateness: None,
        stalls: Stalls::default(),
        waiting: None,
        priority: PriorityReport::default(),
        stages: (0..stages).map(stage).collect(),
        overrides: Vec::new(),
        receipts: Vec::new(),
        generations: Vec::new(),
    }
}

fn answer(asked: &Receiver<Asked>, status: &Status) {
    for asked in asked {
        // A client that went wants no answer.
        let _ = asked.answer.send(Answer::Status(Box::new(status.clone())));
    }
}

/// `control/status/N`: asked and answered, over a connection that is open.
#[divan::bench(args = [1, 8, 100])]
fn status_round_trip(bencher: Bencher<'_, '_>, stages: usize) {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let (control, asked) = ends(|| ());
    let answers = status(stages);
    let session = thread::spawn(move || answer(&asked, &answers));
    let server = Server::start(Setup {
        folder: folder.path().to_owned(),
        name: "bench".to_owned(),
        config: "voice.toml".to_owned(),
        control,
        service: None,
        stop: std::sync::Arc::default(),
        watch: segue::session::CallWatch::default(),
    })
    .expect("a socket can be opened in a folder of one's own");
    let mut client = Client::connect(server.path()).expect("the server listens");
    bencher.bench_local(|| {
        let reply = client.ask(&Order::Ask(Command::Status), "");
        let reply = reply.expect("the session answers");
        let status = reply.status.expect("the answer is a status");
        assert_eq!(status.stages.len(), stages);
    });
    drop(client);
    server.stop();
    assert!(session.join().is_ok());
}
