//! Stories: real libraries that misbehave, and what becomes of them and of us.
//!
//! The helper process is this very test binary, entered again at `helper_entry`.

use std::env;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use segue_plugin::declare::Layout;
use segue_plugin::link::{Creation, NoServices};
use segue_plugin::manifest::MAGIC;
use segue_plugin::setup::Format;

use crate::admission::note;
use crate::admission::tests::rig::{HELPER, Host, MORTAL, entry, host};
use crate::admission::tests::specimen::{dependent, gain, specimen};
use crate::admission::verdicts::Verdicts;
use crate::admission::{
    AdmissionError, Admitted, Applicant, Helper, HelperError, PROBE_DEADLINE, Rejection,
    StoreError, serve,
};
use crate::discovery::ContentHash;
use crate::id::PluginId;
use crate::private::{Exposure, PrivateError};

/// Not a test: the process that opens libraries first.
#[test]
#[ignore = "it is the helper process of the other tests"]
fn helper_entry() {
    let mut arguments = env::args_os().skip_while(|argument| argument != HELPER);
    if arguments.next().is_some() {
        serve(arguments);
    }
}

/// Not a test: a host that dies while it opens a library.
#[test]
#[ignore = "it is a host that one of the other tests lets die"]
fn mortal_entry() {
    let mut arguments = env::args_os().skip_while(|argument| argument != MORTAL);
    if let (Some(_), Some(folder)) = (arguments.next(), arguments.next()) {
        let mut host = Host::of(Path::new(&folder));
        let _ = host.admit(&["acme.specimen"]);
    }
}

/// Lets a host meet the misbehaviour twice: the second time it knows without a probe.
fn check(behaviour: &str, reason: &str) -> Rejection {
    let (folder, mut host) = host(behaviour);
    let first = host.refused(&["acme.specimen"]);
    // A panic is told with its place in the source, which is another one wherever this is built.
    let told = first.reason.split(" (/").next();
    assert_eq!(told, Some(reason), "{:#?}", first.evidence);
    assert_eq!(host.probes(), ["acme.specimen 1.0.0"]);
    let mut next = Host::of(folder.path());
    assert_eq!(next.refused(&["acme.specimen"]), first);
    assert_eq!(next.probes(), [""; 0]);
    let known = next.admission.objection(first.hash).unwrap();
    assert!(known.again.contains("rm /"), "{}", known.again);
    assert_eq!(known.reason, first.reason);
    assert_eq!(known.evidence, first.evidence);
    first
}

#[test]
fn the_gain_plugin_is_let_in_and_known_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::of(folder.path());
    host.install("gain.so", &gain());
    let [admitted] = &host.admit(&["segue.gain"]).unwrap()[..] else {
        panic!("one applicant, one answer");
    };
    let generation = &admitted.generation;
    assert_eq!(
        generation.path(),
        host.places.store.join(format!("{}.so", generation.hash()))
    );
    let creation = Creation::default();
    let processor = generation.processor("gain", &creation, Arc::new(NoServices));
    let format = Format {
        sample_rate_hz: 48_000,
        layout: Layout::STEREO,
    };
    assert_eq!(
        processor.unwrap().validate_input(format),
        Ok(Layout::STEREO)
    );
    assert_eq!(fs::read_dir(&host.places.state).unwrap().count(), 0);
    // Neither the plugin's own file nor a probe is needed any more.
    let mut next = Host::of(folder.path());
    let found = next.found();
    let (_, found) = &found[&"segue.gain".parse().unwrap()];
    assert_eq!(found.hash, Some(generation.hash()));
    fs::remove_file(next.plugins.join("gain.so")).unwrap();
    let id = "segue.gain".parse().unwrap();
    let applicant = Applicant {
        id: &id,
        path: &next.plugins.join("gain.so"),
        found,
        uses: &[],
    };
    let again = next.admission.admit(&[applicant]).unwrap();
    assert!(Arc::ptr_eq(&again[0].generation, generation));
    assert_eq!(next.probes(), [""; 0]);
}

#[test]
fn all_kinds_of_components_are_tried() {
    let (_folder, mut host) = host("healthy");
    host.admit(&["acme.specimen"]).unwrap();
    let part = "acme.specimen/part";
    for (behaviour, reason) in [
        (
            "create-panic",
            format!("creating {part}: no instance for you"),
        ),
        ("validate-panic", format!("validating {part}: no format")),
        ("activate-panic", format!("activating {part}: no start")),
        ("process-panic", format!("processing {part}: no sound")),
        (
            "process-later-panic",
            format!("processing {part}: no more sound"),
        ),
        ("deactivate-panic", format!("deactivating {part}: no end")),
        ("drop-panic", format!("dropping {part}")),
        (
            "analyze-panic",
            "observing with acme.specimen/eye: no look".to_owned(),
        ),
        (
            "emit-panic",
            "reading acme.specimen/eye: no feature".to_owned(),
        ),
        (
            "measure-panic",
            "observing with acme.specimen/scale: no measure".to_owned(),
        ),
        (
            "finish-panic",
            "finishing acme.specimen/scale: no result".to_owned(),
        ),
        (
            "decide-panic",
            "deciding with acme.specimen/judge: no judgement".to_owned(),
        ),
    ] {
        check(behaviour, &format!("it panicked while {reason}"));
    }
}

#[test]
fn what_failed_under_other_limits_is_tried_again() {
    let (folder, mut host) = host("open-limited");
    let mortal = entry(MORTAL);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -S -f 1000000 && exec \"$0\" \"$@\""]);
    let limited = limited.arg(mortal.program).args(mortal.arguments);
    assert!(
        limited
            .arg(folder.path())
            .output()
            .unwrap()
            .status
            .success()
    );
    let verdicts = Verdicts::load(&host.places.cache);
    assert_eq!(verdicts.count(), 1, "the limited host remembered a failure");
    assert_eq!(host.admit(&["acme.specimen"]).unwrap().len(), 1);
    assert_eq!(host.probes(), ["acme.specimen 1.0.0"]);
}

#[test]
fn numbers_that_are_none_are_refused() {
    check(
        "process-nan",
        "acme.specimen/part made samples of silence that are infinite or no numbers",
    );
}

#[test]
fn what_a_component_politely_refuses_is_no_reason() {
    for behaviour in ["create-refuse", "process-fault"] {
        let (_folder, mut host) = host(behaviour);
        assert_eq!(host.admit(&["acme.specimen"]).unwrap().len(), 1);
    }
}

#[test]
fn a_crash_is_told_with_the_last_lines() {
    let reason = "its probe crashed (SIGABRT, it aborted) while opening acme.specimen";
    let rejection = check("open-abort", reason);
    assert_eq!(
        rejection.evidence,
        ["on standard output", "on standard error"]
    );
    assert_eq!(
        rejection.to_string(),
        format!("acme.specimen 1.0.0 cannot be used: {reason}")
    );
    check(
        "open-segv",
        "its probe crashed (SIGSEGV, bad memory access) while opening acme.specimen",
    );
    check(
        "process-abort",
        "its probe crashed (SIGABRT, it aborted) while processing acme.specimen/part",
    );
}

#[test]
fn an_exit_is_told_even_if_it_looks_well() {
    for (behaviour, code) in [("open-exit", 3), ("open-exit-well", 0), ("open-fork", 7)] {
        let reason = format!("its probe ended with exit code {code} while opening acme.specimen");
        check(behaviour, &reason);
    }
    let reason = "its probe ended with exit code 5 while dropping acme.specimen/part";
    check("drop-exit", reason);
}

#[test]
fn what_a_library_started_ends_with_its_probe() {
    let (_folder, mut host) = host("open-fork");
    let rejection = host.refused(&["acme.specimen"]);
    let child = rejection.evidence.last().unwrap();
    let until = Instant::now() + PROBE_DEADLINE;
    // It was killed, and ends as soon as it gets its turn; then nobody may have reaped it yet.
    while let Ok(state) = fs::read_to_string(format!("/proc/{child}/stat"))
        && !state.contains(") Z ")
    {
        assert!(Instant::now() < until, "{state}");
        std::thread::yield_now();
    }
}

#[test]
fn what_left_its_group_and_session_ends_with_its_probe() {
    let (_folder, mut host) = host("open-escapes");
    let rejection = host.refused(&["acme.specimen"]);
    let escaped = rejection.evidence.last().unwrap();
    let until = Instant::now() + PROBE_DEADLINE;
    while let Ok(state) = fs::read_to_string(format!("/proc/{escaped}/stat"))
        && !state.contains(") Z ")
    {
        assert!(Instant::now() < until, "{state}");
        std::thread::yield_now();
    }
}

#[test]
fn a_library_that_kills_its_parent_kills_no_host() {
    let (_folder, mut host) = host("open-kills-parent");
    for probes in 1..=2 {
        let reason = host.refused(&["acme.specimen"]).reason;
        assert!(
            reason.starts_with("its probe was killed (SIGKILL"),
            "{reason}"
        );
        assert_eq!(host.probes().len(), probes);
    }
    assert_eq!(fs::read_dir(&host.places.state).unwrap().count(), 0);
}

/// Whoever is killed while it probes leaves a note: the library may have found its way to it.
#[test]
fn a_note_stands_while_a_library_is_probed() {
    let (folder, host) = host("open-hang");
    let mortal = entry(MORTAL);
    let mut dying = Command::new(mortal.program)
        .args(mortal.arguments)
        .arg(folder.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + PROBE_DEADLINE;
    let notes = || {
        fs::read_dir(&host.places.state).map_or(0, |notes| {
            let names = notes.map(|note| note.unwrap().file_name());
            names
                .filter(|name| name.to_string_lossy().starts_with("opening-"))
                .count()
        })
    };
    while notes() == 0 {
        assert!(Instant::now() < until);
        std::thread::yield_now();
    }
    dying.kill().unwrap();
    dying.wait().unwrap();
    // A child of it that has not come to its `exec` yet holds the lock for that long.
    while note::left_behind(&host.places.state).is_empty() {
        assert!(Instant::now() < until, "the lock of a dead host is held");
        std::thread::yield_now();
    }
    let mut next = Host::of(folder.path());
    let reason = next.refused(&["acme.specimen"]).reason;
    assert!(
        reason.starts_with("a host ended while it opened"),
        "{reason}"
    );
    assert_eq!(next.probes(), [""; 0]);
}

#[test]
fn a_library_that_closes_every_descriptor_is_refused() {
    let (_folder, mut host) = host("open-close");
    let reason = host.refused(&["acme.specimen"]).reason;
    assert!(reason.ends_with(" while opening acme.specimen"), "{reason}");
}

/// In the helper process these do no harm; in this one they would be in the way of the tests.
#[test]
fn noise_leftover_processes_and_endless_destructors_change_nothing() {
    for behaviour in ["open-chatter", "open-fork-well", "close-hang"] {
        let (_folder, mut host) = host(behaviour);
        host.judge("acme.specimen").unwrap();
    }
}

#[test]
fn what_never_comes_back_is_ended_and_asked_again_next_time() {
    for behaviour in ["open-hang", "open-spin", "open-stop", "open-flood"] {
        let (_folder, host) = host(behaviour);
        let mut host = host.late(Duration::from_secs(2));
        for probes in 1..=2 {
            let rejection = host.refused(&["acme.specimen"]);
            assert_eq!(
                rejection.reason,
                "its probe did not come back within 2 s while opening acme.specimen"
            );
            assert!(rejection.evidence.len() <= 64);
            assert_eq!(host.probes().len(), probes);
        }
    }
}

#[test]
fn a_probe_that_somebody_killed_is_asked_again_next_time() {
    let (_folder, mut host) = host("open-killed");
    host.refused(&["acme.specimen"]);
    host.refused(&["acme.specimen"]);
    assert_eq!(host.probes().len(), 2);
}

#[test]
fn a_plugin_that_misses_a_system_library_is_asked_again_next_time() {
    let (_folder, mut host) = host("healthy");
    let library = replaced(&specimen("healthy e"), b"libgcc_s.so.1", b"libgcc_x.so.1");
    host.install("specimen.so", &library);
    let reason = host.refused(&["acme.specimen"]).reason;
    assert!(
        reason.contains("libgcc_x.so.1: cannot open shared object"),
        "{reason}"
    );
    host.refused(&["acme.specimen"]);
    assert_eq!(host.probes().len(), 2);
}

#[test]
fn a_library_whose_code_says_something_else_is_refused() {
    let library = specimen("healthy f");
    let unnamed = replaced(&library, b"segue_plugin\0", b"segue_plugix\0");
    refused_for(&unnamed, "not the symbol segue_plugin");
    // A manifest is there twice, as a section and as what the code returns: one is changed.
    let manifest = places(&library, &MAGIC)[0];
    let text = manifest + places(&library[manifest..], b"Misbehaves.")[0];
    let other = [&library[..text], b"m", &library[text + 1..]].concat();
    refused_for(&other, "one thing in its manifest section and another");
}

fn refused_for(library: &[u8], reason: &str) {
    let (_folder, mut host) = host("healthy");
    host.install("specimen.so", library);
    let told = host.refused(&["acme.specimen"]).reason;
    assert!(told.contains(reason), "{told}");
}

/// The library with every such text replaced by another of its length.
fn replaced(library: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut bytes = library.to_vec();
    for at in places(library, old) {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
    bytes
}

/// Where a text is; it is somewhere.
fn places(library: &[u8], text: &[u8]) -> Vec<usize> {
    let windows = library.windows(text.len()).enumerate();
    let places = windows.filter(|(_, window)| *window == text);
    let places: Vec<_> = places.map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    places
}

#[test]
fn a_plugin_gets_the_components_it_requires_in_probe_and_host() {
    let (_folder, mut host) = host("healthy a");
    host.install("dependent.so", &dependent("healthy a"));
    let admitted = host.admit(&["acme.specimen", "acme.dependent"]).unwrap();
    assert_eq!(
        host.probes(),
        ["acme.specimen 1.0.0", "acme.dependent 1.0.0"]
    );
    let Admitted {
        generation,
        providers,
    } = &admitted[1];
    let creation = Creation::default();
    let providers = Arc::clone(providers);
    generation.processor("part", &creation, providers).unwrap();
    let alone = generation.processor("part", &creation, Arc::new(NoServices));
    assert!(alone.unwrap_err().is_panic());
}

#[test]
fn a_verdict_holds_for_the_same_dependencies_only() {
    let (_folder, mut host) = host("healthy b");
    host.install("dependent.so", &dependent("healthy b"));
    let rejection = host.refused(&["acme.dependent"]);
    assert!(
        rejection
            .reason
            .starts_with("it panicked while creating acme.dependent/part: it was not given"),
        "{}",
        rejection.reason
    );
    host.admit(&["acme.specimen", "acme.dependent"]).unwrap();
    host.install("specimen.so", &specimen("healthy c"));
    host.admit(&["acme.specimen", "acme.dependent"]).unwrap();
    let (one, other) = ("acme.dependent 1.0.0", "acme.specimen 1.0.0");
    assert_eq!(host.probes(), [one, other, one, other, one]);
}

#[test]
fn a_library_that_killed_a_host_is_refused_until_the_note_is_gone() {
    let (folder, mut host) = host("open-kills-host");
    let mortal = entry(MORTAL);
    let status = Command::new(mortal.program)
        .args(mortal.arguments)
        .arg(folder.path())
        .output()
        .unwrap()
        .status;
    assert_eq!(status.signal(), Some(6), "the host aborted");
    let rejection = host.refused(&["acme.specimen"]);
    let note = fs::read_dir(&host.places.state).unwrap().next().unwrap();
    let note = note.unwrap().path();
    let expected = format!(
        "a host ended while it opened this library; install another build of it, or delete {} to \
         try it again",
        note.display()
    );
    assert_eq!(rejection.reason, expected);
    let objection = host.admission.objection(rejection.hash).unwrap();
    assert_eq!(objection.reason, expected);
    host.install("specimen.so", &specimen("healthy d"));
    host.admit(&["acme.specimen"]).unwrap();
    fs::remove_file(note).unwrap();
    assert_eq!(host.admission.objection(rejection.hash), None);
}

#[test]
fn without_a_helper_nothing_is_opened() {
    let (_folder, mut host) = host("open-abort");
    host.admission.helper = None;
    let error = host.admit(&["acme.specimen"]).unwrap_err();
    assert!(matches!(error, AdmissionError::NoHelper), "{error}");
    assert!(!host.places.store.exists());
}

#[test]
fn a_helper_that_is_none_is_an_error_of_its_own() {
    for (program, expected) in [
        ("/nowhere/helper", "could not be started"),
        ("/dev/null", "could not be started"),
        (
            "/bin/false",
            "ended with exit code 1 before it opened anything",
        ),
        (
            "/bin/true",
            "ended with exit code 0 before it opened anything",
        ),
    ] {
        let (_folder, mut host) = host("open-abort");
        host.admission.helper = Some(Helper {
            program: program.into(),
            arguments: Vec::new(),
        });
        let error = host.admit(&["acme.specimen"]).unwrap_err();
        assert!(matches!(error, AdmissionError::Helper(_)), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    // It is there, and does something else.
    let (_folder, mut host) = host("open-abort");
    host.admission.helper = Some(Helper {
        program: "/bin/sh".into(),
        arguments: ["-c", "echo '{\"done\":null}'; echo what is this >&2"]
            .map(Into::into)
            .to_vec(),
    });
    let error = host.admit(&["acme.specimen"]).unwrap_err();
    let AdmissionError::Helper(HelperError::NotAHelper { evidence, .. }) = error else {
        panic!("{error}");
    };
    assert_eq!(evidence, ["what is this"]);
}

#[test]
fn a_store_that_others_may_enter_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, mut host) = host("healthy");
    fs::create_dir(&host.places.store).unwrap();
    let open = fs::Permissions::from_mode(0o750);
    fs::set_permissions(&host.places.store, open).unwrap();
    let error = host.admit(&["acme.specimen"]).unwrap_err();
    let AdmissionError::Store(StoreError::Folder(error)) = error else {
        panic!("{error}");
    };
    let PrivateError::Exposed { exposure, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(exposure, Exposure::Entered { mode: 0o750 });
}

#[test]
fn a_file_that_changed_since_the_scan_is_not_opened() {
    let (_folder, mut host) = host("healthy");
    let found = host.found();
    let id: PluginId = "acme.specimen".parse().unwrap();
    let (path, found) = &found[&id];
    host.install("specimen.so", &specimen("open-abort"));
    let error = host.admission.admit(&[Applicant {
        id: &id,
        path,
        found,
        uses: &[],
    }]);
    let error = error.unwrap_err();
    let changed = AdmissionError::Store(StoreError::Changed { path: path.clone() });
    assert_eq!(error.to_string(), changed.to_string());
    assert_eq!(host.stored(), 0);
}

#[test]
fn an_unknown_content_has_no_objection() {
    let (_folder, mut host) = host("healthy");
    assert_eq!(host.admission.objection(ContentHash([0; 32])), None);
}
