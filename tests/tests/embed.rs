//! Sessions that a program drives from its own loop: hundreds of them at once.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;
use std::sync::mpsc::TryRecvError;
use std::time::Duration;

use segue::media::audio::Layout;
use segue::observe::{Cause, Event};
use segue::session::Flow;
use segue::swap::ask::Command;
use segue::swap::events::NoEvent;
use segue_tests::build::reference;
use segue_tests::desk::Desk;
use segue_tests::embed::Embedder;

const TABLES: &str = "[[stage]]\nid = \"gain\"\ncomponent = \"segue.gain\"\n\n\
                      [[stage]]\nid = \"eq\"\ncomponent = \"segue.filters/eq\"\n\n\
                      params.band = [{ type = \"peak\", gain_db = 6.0 }]\n\n\
                      [[stage]]\nid = \"trim\"\ncomponent = \"segue.gain\"\n";

/// Somebody who listens to them and decides.
const LISTENS: &str = "[[tap]]\nid = \"levels\"\ncomponent = \"segue.levels\"\n\
                       [[decide]]\nid = \"guard\"\ncomponent = \"segue.rules\"\n\
                       reads = [\"levels\"]\nmay = [\"alert\"]\n\
                       params.clipped_max = 900000000\n";

/// Nothing takes so long.
const GUARD: Duration = Duration::from_secs(60);

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install(["segue-gain", "segue-filters"].map(|name| reference().file(name)));
    desk
}

#[test]
fn whoever_subscribes_hears_of_a_change_as_a_value_and_of_the_end() {
    let desk = desk();
    let embedder = Embedder::open(&desk, TABLES);
    let (mut audio, control) = embedder.begin(Layout::MONO);
    let events = control.events();
    let command = Command::Set {
        stage: "gain".parse().unwrap(),
        param: "gain_db".to_owned(),
        value: "-6".to_owned(),
    };
    let answer = control.ask(command, Cause::default()).unwrap();
    let mut block = [0.0; 256];
    while answer.try_recv() == Err(TryRecvError::Empty) {
        let flow = audio.process(&[&[0.25; 256]], &mut [&mut block]);
        assert_eq!(flow, Flow::Goes);
        std::thread::yield_now();
    }
    drop(audio.end());
    let mut stages = Vec::new();
    while let Ok(event) = events.next(GUARD) {
        if let Event::Changed { receipt } = &*event {
            stages.push(receipt.stage.clone());
        }
    }
    assert_eq!(stages, ["gain"]);
    let next = events.next(GUARD).map(drop);
    assert_eq!((next, events.dropped()), (Err(NoEvent::Ended), 0));
}

/// The threads of this process by name.
fn threads() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.collect()
}

#[test]
#[cfg(target_os = "linux")]
fn five_hundred_sessions_share_their_threads() {
    let desk = desk();
    desk.install(["segue-levels", "segue-rules"].map(|name| reference().file(name)));
    let embedder = Embedder::open(&desk, &format!("{TABLES}{LISTENS}"));
    let before = threads().len();
    let mut sessions: Vec<_> = (0..500).map(|_| embedder.begin(Layout::MONO)).collect();
    let mut block = [0.0; 256];
    for (audio, control) in &mut sessions {
        assert_eq!(
            audio.process(&[&[0.25; 256]], &mut [&mut block]),
            Flow::Goes
        );
        assert_eq!(control.status().unwrap().position_frames, 256);
    }
    let names = threads();
    let more = names.len().saturating_sub(before);
    assert!(more < 20, "{names:?}");
    for (audio, _) in sessions {
        let report = audio.end();
        assert_eq!(report.stream.frames_in, 256);
        let tap = &report.taps[0];
        assert_eq!((tap.frames, tap.dropped_frames), (256, 0));
    }
}
