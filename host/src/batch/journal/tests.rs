use std::sync::atomic::AtomicUsize;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn done(folder: &TempDir, text: &str) -> Done {
    let path = folder.path().join("content");
    fs::write(&path, text).unwrap();
    let content = Content::of(&path, &AtomicUsize::new(0)).unwrap().unwrap();
    Done::new("5e".repeat(32), &content, &["why".to_owned()])
}

fn text(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join(JOURNAL_NAME)).unwrap()
}

#[test]
fn what_was_noted_is_known_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let done = done(&folder, "x");
    let journal = Journal::open(folder.path()).unwrap();
    assert!(!journal.knows(Path::new("a.wav")));
    journal.begin(Path::new("a.wav")).unwrap();
    journal.begin(Path::new("b.wav")).unwrap();
    journal.finish(Path::new("b.wav"), done.clone()).unwrap();
    drop(journal);
    // Read twice: opening writes it anew.
    for _ in 0..2 {
        let journal = Journal::open(folder.path()).unwrap();
        assert!(journal.knows(Path::new("a.wav")) && !journal.knows(Path::new("c.wav")));
        assert_eq!(journal.done(Path::new("a.wav")), None);
        assert_eq!(journal.done(Path::new("b.wav")), Some(&done));
    }
}

#[test]
fn one_process_at_a_time_writes_into_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = Journal::open(folder.path()).unwrap();
    let second = Journal::open(folder.path());
    assert!(matches!(second, Err(JournalError::Busy { .. })));
    drop(first);
    assert!(Journal::open(folder.path()).is_ok());
}

#[test]
fn an_output_begun_again_is_no_longer_done() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    journal.finish(Path::new("a"), done(&folder, "x")).unwrap();
    journal.begin(Path::new("a")).unwrap();
    drop(journal);
    let journal = Journal::open(folder.path()).unwrap();
    assert!(journal.knows(Path::new("a")) && journal.done(Path::new("a")).is_none());
}

#[test]
fn an_output_of_which_nothing_is_left_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    journal.begin(Path::new("a")).unwrap();
    journal.begin(Path::new("b")).unwrap();
    journal.forget(Path::new("a")).unwrap();
    drop(journal);
    let journal = Journal::open(folder.path()).unwrap();
    assert!(!journal.knows(Path::new("a")) && journal.knows(Path::new("b")));
}

#[test]
fn a_journal_of_another_version_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(JOURNAL_NAME);
    fs::write(
        &path,
        "{\"segue_batch\":2}\n{\"begun\":{\"output\":\"a\"}}\n",
    )
    .unwrap();
    assert!(!Journal::open(folder.path()).unwrap().knows(Path::new("a")));
    assert_eq!(text(&folder), "{\"segue_batch\":1}\n");
}

#[test]
fn content_counts_to_the_last_byte() {
    let folder = tempfile::tempdir().unwrap();
    let done = done(&folder, "abc");
    let path = folder.path().join("other");
    for (text, expected) in [
        ("abc", true),
        ("abd", false),
        ("ab", false),
        ("abcd", false),
    ] {
        fs::write(&path, text).unwrap();
        let content = Content::of(&path, &AtomicUsize::new(0)).unwrap().unwrap();
        assert_eq!(done.is_content(&content), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn a_path_of_any_bytes_comes_back(
        // Half of them from what escapes are made of.
        bytes in proptest::collection::vec(
            prop_oneof![1u8.., proptest::sample::select(b"%%%04aA".to_vec())],
            0..40,
        ),
    ) {
        let path = PathBuf::from(std::ffi::OsString::from_vec(bytes));
        let text = escaped(&path);
        prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        prop_assert_eq!(unescaped(&text), path);
    }

}

proptest! {
    // Each case waits for the disk a few times.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_journal_cut_anywhere_tells_what_stood_before(cut in 0usize..400) {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let names = ["a", "b", "c"].map(Path::new);
        for name in names {
            journal.finish(name, done(&folder, "x")).unwrap();
        }
        drop(journal);
        let whole = text(&folder);
        let cut = cut.min(whole.len());
        fs::write(folder.path().join(JOURNAL_NAME), &whole[..cut]).unwrap();
        // A line that misses only its end is whole.
        let lines = whole[..cut].split('\n').filter(|line| line.ends_with("}}}")).count();
        let journal = Journal::open(folder.path()).unwrap();
        let known = names.map(|name| journal.done(name).is_some());
        prop_assert_eq!(known, [lines > 0, lines > 1, lines > 2]);
    }

    #[test]
    fn whatever_stands_in_it_a_journal_opens(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(JOURNAL_NAME);
        fs::write(&path, [b"{\"segue_batch\":1}\n", bytes.as_slice()].concat()).unwrap();
        prop_assert!(Journal::open(folder.path()).is_ok());
    }
}

#[test]
fn a_line_that_is_too_long_is_passed_over_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(JOURNAL_NAME);
    let begun = |name: &str| format!("{{\"begun\":{{\"output\":\"{name}\"}}}}\n");
    // Fits as it stands, and no longer once each of its bytes is escaped.
    let grows = "ä".repeat(16 << 10);
    let lines = ["a", &"x".repeat(70_000), &grows, "b"].map(begun);
    fs::write(&path, format!("{{\"segue_batch\":1}}\n{}", lines.concat())).unwrap();
    for skipped in [2, 0] {
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.skipped_lines(), skipped);
        assert!(journal.knows(Path::new("a")) && journal.knows(Path::new("b")));
    }
}
