//! A whole session: the one call of its audio end, while its control end changes what it plays.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use segue::admission::{Admission, AdmissionFolders, HELPER, Helper};
use segue::config::{Color, parse};
use segue::discovery::{FolderOrigin, SearchPlan};
use segue::loading::meter;
use segue::media::audio::{Format, Layout, SampleFormat};
use segue::observe::{Cause, EventSink, NoSink, Who};
use segue::session::{AudioEnd, Embedding, Flow, Opening, begin, open};
use segue::swap::ask::{Answer, Command, ControlEnd, HeardSignal, Insert, Swap, Target};

use crate::rig::libraries;

const TABLES: &str = "[[stage]]\nid = \"gain\"\ncomponent = \"segue.gain\"\n\n\
                      [[stage]]\nid = \"eq\"\ncomponent = \"segue.filters/eq\"\n";

/// Sizes of calls, again and again: within a block, a block, blocks and a part.
const SIZES: [usize; 5] = [1, 63, 256, 777, 4_096];

fn session(folder: &Path) -> (AudioEnd, ControlEnd) {
    let config = parse(TABLES, Path::new("plugins.toml"), &[]);
    let config = config.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(Color::Plain, 80)));
    let config = Arc::new(config);
    let events: Arc<dyn EventSink> = Arc::new(NoSink);
    let places = AdmissionFolders {
        store: folder.join("store"),
        cache: folder.join("cache"),
        state: folder.join("state"),
    };
    let helper = Helper {
        program: env!("CARGO_BIN_EXE_segue").into(),
        arguments: vec![HELPER.into()],
    };
    let mut search = SearchPlan::default();
    search.add(&libraries(), FolderOrigin::Argument);
    let plugins = open(Opening {
        config: &config,
        search,
        cache: None,
        admission: Admission::new(places, Some(helper), Arc::clone(&events)),
        events: Arc::clone(&events),
    });
    let begun = begin(Embedding {
        config,
        plugins: Arc::new(plugins.unwrap()),
        format: Format::new(48_000, Layout::STEREO, SampleFormat::F32).unwrap(),
        reread: None,
        events,
    });
    begun.unwrap()
}

/// Plays until told otherwise; returns the heap calls of this thread inside the calls.
fn play(audio: &mut AudioEnd, is_over: &AtomicBool) -> u64 {
    let input: Vec<_> = (0..4_096).map(|at| (at as f32 * 0.01).sin()).collect();
    let (mut left, mut right) = (vec![0.0; 4_096], vec![0.0; 4_096]);
    let mut calls = 0;
    for frames in SIZES.into_iter().cycle() {
        let before = meter::heap_calls();
        let (input, into) = (
            &input[..frames],
            (&mut left[..frames], &mut right[..frames]),
        );
        let flow = audio.process(&[input, input], &mut [into.0, into.1]);
        calls += meter::heap_calls() - before;
        assert_eq!(flow, Flow::Goes);
        if is_over.load(Ordering::Relaxed) {
            break;
        }
    }
    calls
}

fn commands() -> Vec<Command> {
    let set = |value: &str| Command::Set {
        stage: "gain".parse().unwrap(),
        param: "gain_db".to_owned(),
        value: value.to_owned(),
    };
    let swap = Command::Swap(Swap {
        target: Target::Stage("eq".parse().unwrap()),
        component: None,
        versions: None,
        insert: Insert::Refused,
    });
    let bypass = |way| Command::Bypass {
        stage: "eq".parse().unwrap(),
        way,
    };
    vec![
        set("-6"),
        swap.clone(),
        bypass(HeardSignal::Bypassed),
        bypass(HeardSignal::Processed),
        swap,
        set("0"),
    ]
}

#[test]
fn no_heap_call_happens_in_a_call_of_the_audio_end_while_its_session_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut audio, control) = session(folder.path());
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let playing = thread::spawn(move || (play(&mut audio, &over), audio));
    for command in commands() {
        let cause = Cause {
            who: Who::Program {
                name: "embedder".to_owned(),
            },
            why: String::new(),
        };
        let answer = control.ask(command.clone(), cause).unwrap().recv().unwrap();
        let Answer::Changed(receipts) = answer else {
            panic!("{command:?}: {answer:?}");
        };
        assert!(receipts.iter().all(|one| one.heard_at_frames.is_some()));
    }
    is_over.store(true, Ordering::Relaxed);
    let (calls, audio) = playing.join().unwrap();
    assert_eq!(calls, 0);
    assert_eq!(audio.end().degraded, [""; 0]);
}
