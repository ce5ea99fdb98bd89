//! Plugins that need each other, from the command line to the sound.

use segue_tests::build::test_plugin;
use segue_tests::desk::{Answer, Desk};
use segue_tests::wav;

/// A desk with these plugins and an input.
fn desk(plugins: &[&str]) -> Desk {
    let desk = Desk::new();
    desk.install(plugins.iter().map(|plugin| test_plugin(plugin)));
    wav::write(&desk.path("in.wav"), 48_000, &[wav::noise(5, 2_000)]);
    desk
}

/// Runs a chain of stages, each a component alone.
fn run(desk: &Desk, stages: &[&str]) -> Answer {
    let stages = stages.iter().flat_map(|stage| ["--stage", stage]);
    desk.segue(["run", "in.wav", "out.wav"].into_iter().chain(stages))
}

/// What comes out is the input times `factor`, to the last bit.
fn sounds(plugins: &[&str], stages: &[&str], factor: f32) {
    let desk = desk(plugins);
    let _ = run(&desk, stages).expect(0);
    let input = wav::read(&desk.path("in.wav"));
    let expected: Vec<_> = input[0].iter().map(|sample| sample * factor).collect();
    assert_eq!(wav::read(&desk.path("out.wav")), [expected], "{stages:?}");
}

/// Nothing runs: exit code 3 and this sentence, and no output.
fn refused(plugins: &[&str], stages: &[&str], sentence: &str) {
    let desk = desk(plugins);
    let answer = run(&desk, stages).expect(3);
    // A narrow terminal breaks lines; the words are what counts.
    let words: Vec<_> = answer.err.split_whitespace().collect();
    let words = words.join(" ");
    assert!(words.starts_with(sentence), "{words}");
    assert!(!desk.path("out.wav").exists());
}

#[test]
fn a_component_of_another_plugin_sounds_through_the_host() {
    // The provider halves, `more` halves again, the user turns it upside down.
    sounds(&["user", "provider-1"], &["test.user"], -0.25);
}

#[test]
fn a_diamond_loads_one_version_for_both_sides() {
    sounds(&["diamond", "user", "provider-1"], &["test.diamond"], -0.25);
}

#[test]
fn of_two_versions_each_gets_the_one_that_it_takes() {
    let both = ["provider-1", "provider-2", "user", "newer"];
    sounds(&both, &["test.user"], -0.25);
    sounds(&both, &["test.provider"], 0.25);
    sounds(&both, &["test.newer"], 1.0);
}

#[test]
fn a_missing_optional_plugin_is_done_without() {
    sounds(&["optional"], &["test.optional"], 1.0);
}

#[test]
fn what_is_missing_is_named_with_who_needs_it() {
    refused(
        &["user"],
        &["test.user"],
        "error: stage `user` uses test.user, and test.user 1.0.0 needs test.provider ^1: \
         test.provider was not found",
    );
    refused(
        &["user", "provider-2"],
        &["test.user"],
        "error: stage `user` uses test.user, and test.user 1.0.0 needs test.provider ^1: \
         test.provider was found only as 2.0.0",
    );
}

#[test]
fn a_conflict_names_both_sides() {
    refused(
        &["diamond", "user", "newer", "provider-1", "provider-2"],
        &["test.newer", "test.diamond"],
        "error: stage `newer` uses test.newer, and test.newer 1.0.0 needs test.provider ^2; \
         stage `diamond` uses test.diamond, and test.diamond 1.0.0 needs test.provider ^1.2: \
         that leaves no version of test.provider (found: 1.4.0 and 2.0.0)",
    );
}

#[test]
fn a_ring_is_told_as_a_ring() {
    refused(
        &["ring-a", "ring-b"],
        &["test.ring-a"],
        "error: stage `ring-a` uses test.ring-a, and test.ring-a 1.0.0 needs test.ring-b ^1: \
         test.ring-a 1.0.0 needs test.ring-b 1.0.0, which needs test.ring-a 1.0.0 again: none of \
         them can load first",
    );
}

#[test]
fn of_two_files_of_one_version_the_first_wins_and_list_says_so() {
    let desk = desk(&[]);
    let through = std::fs::read(test_plugin("through")).unwrap();
    desk.write("plugins/a.so", &through);
    desk.write("plugins/b.so", [&through[..], b"another content"].concat());
    let _ = run(&desk, &["test.through"]).expect(0);
    let list = desk.segue(["list", "--why"]).expect(0);
    let text = list.text() + &list.err;
    assert!(text.contains("a.so") && text.contains("b.so"), "{text}");
    let list = desk.segue(["list", "--json"]).expect(0).json();
    let components = list["components"].as_array().unwrap();
    let mut ours = components.iter();
    let first = ours.find(|component| component["plugin"] == "test.through");
    assert!(first.unwrap()["path"].as_str().unwrap().ends_with("a.so"));
    assert!(ours.all(|component| component["plugin"] != "test.through"));
    let duplicates = list["duplicates"].as_array().unwrap();
    assert_eq!(duplicates.len(), 1, "{list:#}");
}

#[test]
fn a_probe_that_goes_wrong_is_told_with_its_evidence() {
    let cases = [
        (
            "exits",
            "its probe ended with exit code 0 while creating test.exits/exits",
        ),
        (
            "dies-on-open",
            "its probe crashed (SIGABRT, it aborted) while opening test.dies-on-open",
        ),
        (
            "hangs",
            "its probe did not come back within 5 s while creating test.hangs/hangs",
        ),
    ];
    for (plugin, evidence) in cases {
        let id = format!("test.{plugin}");
        let sentence = format!("notice: {id} 1.0.0 cannot be used: {evidence}");
        refused(&[plugin], &[&id], &sentence);
    }
}
