use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;

use super::*;
use crate::config;
use crate::observe::{Event, NoSink};

/// What an audience does at a place of the list.
type Act<'a> = &'a (dyn Fn(usize) + Sync);

/// Hears all files, and may do something at each.
struct Room<'a> {
    begin: Act<'a>,
    end: Act<'a>,
    events: Arc<dyn EventSink>,
    fates: Mutex<Vec<(usize, &'static str)>>,
    journal_failed: AtomicBool,
}

impl<'a> Room<'a> {
    fn new(begin: Act<'a>, end: Act<'a>) -> Self {
        Self {
            begin,
            end,
            events: Arc::new(NoSink),
            fates: Mutex::new(Vec::new()),
            journal_failed: AtomicBool::new(false),
        }
    }

    /// What came of each file, in the order of the list.
    fn fates(&self) -> Vec<&'static str> {
        let mut fates = self.fates.lock().unwrap().clone();
        fates.sort_unstable();
        fates.into_iter().map(|(_, fate)| fate).collect()
    }
}

impl Audience for Room<'_> {
    fn events(&self, at: usize) -> Arc<dyn EventSink> {
        (self.begin)(at);
        Arc::clone(&self.events)
    }

    fn ended(&self, at: usize, fate: Fate) {
        let fate = match fate {
            Fate::Ran(outcome, _) => match outcome.result {
                Ok(Ended::Complete) => "done",
                Ok(Ended::Interrupted(_)) => "interrupted",
                Ok(Ended::ByDecision(_) | Ended::OnRequest) => "decided",
                Err(_) => "failed",
            },
            Fate::Kept(_) => "kept",
            Fate::Broke(_) => "broke",
            Fate::NotBegun => "not begun",
        };
        self.fates.lock().unwrap().push((at, fate));
        (self.end)(at);
    }

    fn journal_failed(&self, _: &io::Error) {
        self.journal_failed.store(true, Ordering::Relaxed);
    }
}

/// A folder `in` of so many files, each of another length; the samples are raw.
fn folder(files: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    for number in 0..files {
        let samples: Vec<u8> = (0..2 * (20_000 + number))
            .map(|at| (at * 7 + number) as u8)
            .collect();
        fs::write(folder.path().join(format!("in/{number}.raw")), samples).unwrap();
    }
    folder
}

struct Setting {
    list: List,
    journal: Journal,
    stop: Arc<AtomicUsize>,
}

impl Setting {
    fn new(folder: &TempDir) -> Self {
        let (input, output) = (folder.path().join("in"), folder.path().join("out"));
        let list = list(&BatchWanted {
            sources: &[input],
            folder: Some(&output),
            ending: "wav",
            holds: Holds::Samples,
        });
        Self {
            list: list.unwrap(),
            journal: Journal::open(&output).unwrap(),
            stop: Arc::default(),
        }
    }

    fn run(&self, threads: usize, resume: Resume, room: &Room<'_>) -> Vec<&'static str> {
        let config = config::parse("", Path::new("test"), &[]).unwrap();
        let batch = Batch {
            config: Arc::new(config),
            plugins: Arc::new(Plugins::none()),
            items: &self.list.items,
            journal: Some(&self.journal),
            resume,
            raw: Some("s16le:8000:1".parse().unwrap()),
            overwrite: Overwrite::Refused,
            non_finite: NonFinite::Clean,
            threads,
            stop: Arc::clone(&self.stop),
        };
        batch.run(room);
        assert!(!room.journal_failed.load(Ordering::Relaxed));
        room.fates()
    }
}

/// The names in `out`, the journal's apart.
fn outputs(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path().join("out")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name != JOURNAL_NAME).collect();
    names.sort();
    names
}

fn nothing(_: usize) {}

#[test]
fn every_file_is_done_once_whatever_the_number_of_threads() {
    let whole = folder(9);
    let fates = Setting::new(&whole).run(1, Resume::No, &Room::new(&nothing, &nothing));
    assert_eq!(fates, ["done"; 9]);
    for threads in [2, 5, 64] {
        let folder = folder(9);
        let setting = Setting::new(&folder);
        let fates = setting.run(threads, Resume::No, &Room::new(&nothing, &nothing));
        assert_eq!(fates, ["done"; 9]);
        for name in outputs(&whole) {
            let read = |folder: &TempDir| fs::read(folder.path().join("out").join(&name)).unwrap();
            assert!(read(&whole) == read(&folder), "{name}");
        }
        assert_eq!(outputs(&whole), outputs(&folder));
    }
}

#[test]
fn after_a_signal_no_file_is_begun() {
    let folder = folder(5);
    let setting = Setting::new(&folder);
    let stop = Arc::clone(&setting.stop);
    let end = |at| {
        if at == 2 {
            stop.store(2, Ordering::Relaxed);
        }
    };
    let fates = setting.run(1, Resume::No, &Room::new(&nothing, &end));
    assert_eq!(fates, ["done", "done", "done", "not begun", "not begun"]);
    assert_eq!(outputs(&folder), ["0.wav", "1.wav", "2.wav"]);
    setting.stop.store(0, Ordering::Relaxed);
    drop(setting);
    let again = Setting::new(&folder);
    let fates = again.run(1, Resume::Yes, &Room::new(&nothing, &nothing));
    assert_eq!(fates, ["kept", "kept", "kept", "done", "done"]);
}

/// Raises a flag as soon as a first stretch is done.
struct Raise(Arc<AtomicUsize>);

impl EventSink for Raise {
    fn event(&self, event: Event) {
        if matches!(event, Event::Progress { .. }) {
            self.0.store(2, Ordering::Relaxed);
        }
    }
}

#[test]
fn a_signal_in_the_middle_of_a_file_leaves_nothing_of_it() {
    let folder = folder(2);
    let setting = Setting::new(&folder);
    let mut room = Room::new(&nothing, &nothing);
    room.events = Arc::new(Raise(Arc::clone(&setting.stop)));
    assert_eq!(
        setting.run(1, Resume::No, &room),
        ["interrupted", "not begun"]
    );
    assert_eq!(outputs(&folder), [""; 0]);
    drop(setting);
    let again = Setting::new(&folder);
    assert!(
        !again.journal.knows(Path::new("0.wav")),
        "nothing of it is left"
    );
}

#[test]
fn a_file_on_which_the_host_fails_ends_nothing_but_itself() {
    let folder = folder(3);
    let begin = |at| assert!(at != 1, "as told");
    let fates = Setting::new(&folder).run(2, Resume::No, &Room::new(&begin, &nothing));
    assert_eq!(fates, ["done", "broke", "done"]);
    assert_eq!(outputs(&folder), ["0.wav", "2.wav"]);
}

#[test]
fn what_somebody_put_in_the_place_of_an_output_is_not_replaced() {
    let folder = folder(2);
    // The first input is gone before its turn, so nothing of its output is ever there.
    let setting = Setting::new(&folder);
    fs::remove_file(folder.path().join("in/0.raw")).unwrap();
    let fates = setting.run(1, Resume::No, &Room::new(&nothing, &nothing));
    assert_eq!(fates, ["failed", "done"]);
    drop(setting);
    fs::write(folder.path().join("in/0.raw"), [1, 2]).unwrap();
    fs::write(folder.path().join("out/0.wav"), "mine").unwrap();
    let again = Setting::new(&folder);
    let fates = again.run(1, Resume::Yes, &Room::new(&nothing, &nothing));
    assert_eq!(fates, ["failed", "kept"]);
    assert_eq!(fs::read(folder.path().join("out/0.wav")).unwrap(), b"mine");
}
