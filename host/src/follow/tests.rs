use std::fs;
use std::time::Duration;

use super::*;
use crate::swap::ask::ends;

/// How long a test waits before it gives up.
const GUARD: Duration = Duration::from_secs(60);

/// Passes notices on.
struct Told(Mutex<Sender<String>>);

impl EventSink for Told {
    fn event(&self, event: Event) {
        if let Event::Notice { text } = event {
            let _ = locked(&self.0).send(text);
        }
    }
}

/// A configuration in a folder of its own, followed by nobody but this test; `edit` is written into
/// its file once it is followed. What follows: a request, or a notice.
fn check(before: &str, edit: &str, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plugins.toml");
    fs::write(&file, before).unwrap();
    let config = Arc::new(config::read(&file, &[]).unwrap());
    let (told, notices) = channel();
    let (control, requests) = ends(|| ());
    let passed_on = told.clone();
    let session = std::thread::spawn(move || {
        for asked in requests {
            let text = format!("{:?} by {}", asked.command, asked.cause.who);
            passed_on.send(text).unwrap();
        }
    });
    let setup = FollowSetup {
        search: SearchPlan::default(),
        file: Some(file.clone()),
        news: UnappliedNews::Told,
        control,
        events: Arc::new(Told(Mutex::new(told))),
    };
    let follower = Follower::start(setup, &config);
    fs::write(&file, edit).unwrap();
    let found = notices.recv_timeout(GUARD).unwrap();
    assert!(found.contains(expected), "{found}");
    drop(follower);
    session.join().unwrap();
}

/// A pipeline of nothing, with this in its host section.
fn pipeline(host: &str, name: &str) -> String {
    format!("[pipeline]\nname = \"{name}\"\n[host]\n{host}\n")
}

#[test]
fn a_saved_configuration_is_asked_for_where_it_may_come_by_itself() {
    let on_save = "reload = \"on-save\"";
    let (before, edit) = (pipeline(on_save, "a"), pipeline(on_save, "b"));
    check(&before, &edit, "Reload(Apply(Refused)) by on-save");
}

#[test]
fn a_saved_configuration_is_told_of_where_somebody_has_to_ask() {
    let (before, edit) = (pipeline("", "a"), pipeline("", "b"));
    check(&before, &edit, "`segue ctl reload` applies it");
    check(&before, "[host", "the audio goes on as it was");
}
