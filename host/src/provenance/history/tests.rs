//! Histories that are read again, damaged, foreign and full.

use std::fs;

use proptest::prelude::*;

use super::*;

fn likeness(number: u128) -> Likeness {
    postcard::from_bytes(&number.to_le_bytes()).unwrap()
}

fn found(ns_per_stream_second: f64) -> CostSample {
    CostSample {
        cost: StageCost {
            error: 0.25,
            ns_per_stream_second,
            held_bytes: Some(1024.0),
        },
        seconds: 10.0,
    }
}

/// What a fresh reader of the folder knows of a stage's time.
fn time(folder: &Path, number: u128) -> Option<f64> {
    let history = CostHistory::load(Some(folder));
    let cost = history.cost(likeness(number));
    cost.map(|cost| cost.ns_per_stream_second)
}

#[test]
fn what_was_learned_is_known_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("not there yet");
    let history = CostHistory::load(Some(&folder));
    assert_eq!(history.cost(likeness(1)), None);
    history.learn(&[(likeness(1), found(100.0)), (likeness(2), found(7.0))]);
    assert_eq!(history.cost(likeness(1)), Some(found(100.0).cost));
    history.learn(&[(likeness(1), found(300.0))]);
    assert_eq!(time(&folder, 1), Some(200.0));
    assert_eq!(time(&folder, 2), Some(7.0));
    assert_eq!(time(&folder, 3), None);
}

#[test]
fn two_that_learn_in_turn_know_of_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let one = CostHistory::load(Some(folder.path()));
    let other = CostHistory::load(Some(folder.path()));
    one.learn(&[(likeness(1), found(1.0))]);
    other.learn(&[(likeness(2), found(2.0))]);
    one.learn(&[(likeness(3), found(3.0))]);
    let known: Vec<_> = (1..=3).map(|number| time(folder.path(), number)).collect();
    assert_eq!(known, [Some(1.0), Some(2.0), Some(3.0)]);
}

#[test]
fn nothing_is_kept_without_a_folder_or_where_none_can_be() {
    let history = CostHistory::load(None);
    history.learn(&[(likeness(1), found(1.0))]);
    assert_eq!(history.cost(likeness(1)), Some(found(1.0).cost));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let history = CostHistory::load(Some(&file));
    history.learn(&[(likeness(1), found(1.0))]);
    assert_eq!(fs::read(&file).unwrap(), b"x");
    // A folder in its place, and a file of any size.
    fs::create_dir(folder.path().join(FILE_NAME)).unwrap();
    assert_eq!(time(folder.path(), 1), None);
    CostHistory::load(Some(folder.path())).learn(&[(likeness(1), found(1.0))]);
    let large = tempfile::tempdir().unwrap();
    let file = fs::File::create(large.path().join(FILE_NAME)).unwrap();
    file.set_len(1 << 40).unwrap();
    assert_eq!(time(large.path(), 1), None);
}

#[test]
fn a_full_history_forgets_what_ran_longest_ago() {
    let mut known = KnownCosts::default();
    for number in 0..ENTRIES_MAX as u128 {
        known.add(&[(likeness(number), found(1.0))]);
    }
    known.add(&[(likeness(0), found(1.0))]);
    known.add(&[(likeness(9999), found(1.0))]);
    assert_eq!(known.entries.len(), ENTRIES_MAX);
    assert!(known.entries.contains_key(&likeness(0)));
    assert!(known.entries.contains_key(&likeness(9999)));
    assert!(!known.entries.contains_key(&likeness(1)));
    assert!(known.encoded().len() as u64 <= BYTES_MAX);
    assert_eq!(KnownCosts::decoded(&known.encoded()), Some(known));
}

#[test]
fn what_cannot_be_is_not_learned_and_not_read() {
    let impossible = |change: fn(&mut StageHistory)| {
        let mut entry = StageHistory::of(found(1.0), 1);
        change(&mut entry);
        let mut known = KnownCosts {
            version: VERSION,
            ..KnownCosts::default()
        };
        known.entries.insert(likeness(1), entry);
        let read = KnownCosts::decoded(&known.encoded()).unwrap();
        assert!(read.entries.is_empty(), "{entry:?}");
        let mut known = KnownCosts::default();
        known.add(&[(likeness(1), entry.found())]);
        assert!(known.entries.is_empty(), "{entry:?}");
    };
    impossible(|entry| entry.error = 1.5);
    impossible(|entry| entry.error = f64::NAN);
    impossible(|entry| entry.ns_per_stream_second = -1.0);
    impossible(|entry| entry.ns_per_stream_second = f64::INFINITY);
    impossible(|entry| entry.held_bytes = Some(f64::NAN));
    impossible(|entry| entry.seconds = 0.0);
}

#[test]
fn another_version_is_not_read() {
    let mut known = KnownCosts::default();
    known.add(&[(likeness(1), found(1.0))]);
    known.version = VERSION + 1;
    assert_eq!(KnownCosts::decoded(&known.encoded()), None);
}

proptest! {
    #[test]
    fn damage_of_any_kind_is_an_empty_history(
        cut in 0usize..400, at in 0usize..400, flip in 1u8..=255, noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut known = KnownCosts::default();
        known.add(&[(likeness(1), found(1.0)), (likeness(2), found(2.0))]);
        let whole = known.encoded();
        let mut torn = whole.clone();
        torn.truncate(cut.min(whole.len() - 1));
        prop_assert_eq!(KnownCosts::decoded(&torn), None);
        let mut flipped = whole.clone();
        flipped[at % whole.len()] ^= flip;
        prop_assert_eq!(KnownCosts::decoded(&flipped), None);
        prop_assert_eq!(KnownCosts::decoded(&noise), None);
        // A checksum that fits says nothing of what it is of.
        let mut bytes = Sha256::digest(&noise).to_vec();
        bytes.extend(&noise);
        if let Some(read) = KnownCosts::decoded(&bytes) {
            prop_assert!(read.entries.values().all(StageHistory::is_possible));
        }
    }
}
