//! An edited file while the audio runs: what is new is built first and applied as one change, a
//! mistake is explained and nothing is heard of it; dependents are rebuilt with what they use.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::f64::consts::TAU;

use segue_tests::build::{reference, test_plugin};
use segue_tests::desk::{Desk, stage};
use segue_tests::script::{
    Changes, FADE_FRAMES, Run, SAMPLE_RATE_HZ, Script, assert_same, frame, largest_step, sine,
};
use segue_tests::wav;

/// How long these runs are.
const FRAMES: usize = 96_000;

/// Where the file changes: an odd frame.
const EDIT_FRAME: usize = 40_003;

/// How long after it everything has faded and settled.
const SETTLED_FRAME: usize = EDIT_FRAME + 30_000;

/// The sine that steps would be heard on.
const SINE_HZ: f64 = 997.0;
const AMPLITUDE: f64 = 0.4;

fn gain(id: &str, gain_db: f64) -> String {
    stage(id, "segue.gain", &format!("params.gain_db = {gain_db}"))
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install([
        reference().file("segue-gain"),
        reference().file("segue-filters"),
    ]);
    let plugins = ["late", "shapes", "through", "tail", "state-1"];
    desk.install(plugins.map(test_plugin));
    desk
}

fn noisy(tables: &str) -> Script {
    let input = vec![wav::noise(51, FRAMES), wav::noise(52, FRAMES)];
    Script::new(desk(), input, tables)
}

fn sounding(tables: &str) -> Script {
    Script::new(desk(), vec![sine(SINE_HZ, AMPLITUDE, FRAMES)], tables)
}

/// One edit, in the middle.
fn edit() -> Changes {
    Changes::new().at(EDIT_FRAME, "edit = { config = \"edited.toml\" }")
}

/// A run in which `tables` become `edited`.
#[track_caller]
fn edited(script: &Script, edited: &str) -> Run {
    script.desk.write("edited.toml", edited);
    script.changed(&edit())
}

/// The stages of a report, by id and component.
fn stages(run: &Run) -> Vec<String> {
    let stages = run.report["stages"].as_array().unwrap();
    let id = |stage: &serde_json::Value| stage["id"].as_str().unwrap().to_owned();
    stages.iter().map(id).collect()
}

/// The largest change from one step to the next: a click stands out here most.
fn largest_bend(samples: &[f32]) -> f64 {
    let bends = samples.windows(3);
    let bends = bends.map(|three| {
        let [a, b, c] = [three[0], three[1], three[2]].map(f64::from);
        (a - 2.0 * b + c).abs()
    });
    bends.fold(0.0, f64::max)
}

/// From `tables` to `other` on a sine: the one before, the other after, and no click between.
#[track_caller]
fn check_click_free(tables: &str, other: &str, actions: &[&str]) {
    let script = sounding(tables);
    let before = script.undisturbed();
    let after = sounding(other).undisturbed();
    let run = edited(&script, other).expect(0);
    let receipts = run.receipts();
    for action in actions {
        let found = receipts.iter().any(|receipt| receipt["action"] == *action);
        assert!(found, "no {action} in {receipts:#?}");
    }
    for receipt in receipts {
        assert_eq!(receipt["verdict"], "done", "{receipt:#}");
        // One edit is one change.
        assert_eq!(receipt["change"], receipts[0]["change"], "{receipt:#}");
    }
    let (output, before, after) = (&run.output[0], &before.output[0], &after.output[0]);
    assert_eq!(output.len(), FRAMES);
    assert_eq!(output[..EDIT_FRAME], before[..EDIT_FRAME], "{actions:?}");
    let rest = output[SETTLED_FRAME..].iter().zip(&after[SETTLED_FRAME..]);
    let far = rest.fold(0.0f32, |most, (found, expected)| {
        most.max((found - expected).abs())
    });
    assert!(far < 1e-5, "{actions:?}: {far} away\n{receipts:#?}");
    // The larger signal's own largest step and bend, and the slope of the fade from one to the
    // other.
    let loudest = before
        .iter()
        .chain(after)
        .fold(0.0f32, |most, sample| most.max(sample.abs()));
    let slope = 2.0 * f64::from(loudest) / FADE_FRAMES as f64;
    for (what, of) in [
        ("step", largest_step as fn(&[f32]) -> f64),
        ("bend", largest_bend),
    ] {
        let own = of(before).max(of(after));
        let (found, bound) = (of(output), own + slope);
        assert!(
            found <= bound,
            "{actions:?}: a {what} of {found}, at most {bound}"
        );
    }
}

#[test]
fn stages_come_go_and_move_without_a_click() {
    let (a, b, c) = (gain("a", -3.0), gain("b", -2.0), gain("c", 4.0));
    let eq = stage(
        "eq",
        "segue.filters/eq",
        "params.band = [{ type = \"peak\", frequency_hz = 1000, gain_db = 6 }]",
    );
    let (ab, abc) = (a.clone() + &b, a.clone() + &b + &c);
    check_click_free(&ab, &abc, &["add"]);
    check_click_free(&abc, &ab, &["remove"]);
    check_click_free(&ab, &(c.clone() + &ab), &["add"]);
    check_click_free(&ab, &(a.clone() + &eq + &b), &["add"]);
    check_click_free(&(eq.clone() + &ab), &(ab.clone() + &eq), &[]);
    check_click_free(&abc, &(c.clone() + &a), &["remove"]);
    check_click_free(&a, &gain("other", -9.0), &["add", "remove"]);
}

#[test]
fn branches_come_and_go_without_a_click() {
    let branch = |id: &str, gain_db: f64| {
        let more = format!("after = [\"input\"]\nparams.gain_db = {gain_db}");
        stage(id, "segue.gain", &more)
    };
    let sum = |from: &str| stage("sum", "test.through", &format!("after = [{from}]"));
    let one = branch("a", -6.0) + &sum("\"a\"");
    let two = branch("a", -6.0) + &branch("b", -9.0) + &sum("\"a\", \"b\"");
    check_click_free(&one, &two, &["add"]);
    check_click_free(&two, &one, &["remove"]);
}

#[test]
fn a_value_in_the_file_changes_a_running_stage() {
    check_click_free(&gain("a", 0.0), &gain("a", -6.0), &[]);
}

#[test]
fn what_lets_everything_through_comes_and_goes_unheard() {
    let (one, two) = (
        stage("one", "test.through", ""),
        stage("two", "test.through", ""),
    );
    let late = stage("late", "test.late/long", "");
    for (tables, other) in [
        (one.clone(), one.clone() + &two),
        (one.clone() + &two, two.clone()),
        (one.clone() + &two, two.clone() + &one),
        (one.clone(), one.clone() + &late),
        (one.clone() + &late + &two, one.clone() + &two),
        (late.clone() + &one, one.clone() + &late),
    ] {
        let script = noisy(&tables);
        let run = edited(&script, &other).expect(0);
        assert_same(
            &run.output,
            &script.input,
            &format!("{tables}\nto\n{other}"),
        );
    }
}

#[test]
fn an_edit_may_add_the_folder_that_its_own_plugin_lies_in() {
    let script = sounding(&gain("a", 0.0));
    let more = script.desk.path("more");
    std::fs::create_dir(&more).unwrap();
    std::fs::copy(test_plugin("finite"), more.join("libfinite.so")).unwrap();
    let stages = gain("a", 0.0) + &stage("new", "test.finite", "");
    let refused = edited(&script, &stages).expect(4);
    assert!(
        refused.answer.err.contains("test.finite"),
        "{}",
        refused.answer.err
    );
    let taken = edited(&script, &format!("plugins.paths = [\"more\"]\n{stages}")).expect(0);
    assert_eq!(self::stages(&taken).len(), 2);
}

#[test]
fn stages_that_stay_go_on_as_if_nothing_had_happened() {
    // The level remembers seconds and the position fails at a gap; they are fed the same before
    // and after, since what comes and goes lets everything through. It comes one after the other:
    // what stood between two that come at once would start anew.
    let late = stage("late", "test.late/short", "");
    let level = stage("level", "test.state/level", "");
    let more = stage("more", "test.through", "");
    let watch = stage("watch", "test.shapes/position", "on_error = \"stop\"");
    let script = noisy(&(level.clone() + &watch));
    let expected = script.undisturbed();
    let one = late.clone() + &level + &watch;
    script.desk.write("one.toml", one);
    script
        .desk
        .write("two.toml", late + &level + &more + &watch);
    let changes = Changes::new()
        .at(20_001, "edit = { config = \"one.toml\" }")
        .at(EDIT_FRAME, "edit = { config = \"two.toml\" }");
    let run = script.changed(&changes).expect(0);
    assert_same(&run.output, &expected.output, "stages that stay");
    assert_eq!(stages(&run), ["late", "level", "more", "watch"]);
}

#[test]
fn what_is_only_written_otherwise_changes_nothing() {
    let tables = "[[stage]]\nid = \"a\"\ncomponent = \"segue.gain\"\nparams.gain_db = -3.0\n";
    let other = "# A comment.\n\n[[stage]]\nparams = { gain_db = -3 }  # the same\n\
                 component = \"segue.gain\"\nid = \"a\"\n";
    let script = noisy(tables);
    let expected = script.undisturbed();
    let run = edited(&script, other).expect(0);
    assert_same(&run.output, &expected.output, "the same file");
    assert!(run.receipts().is_empty(), "{:#}", run.report["changes"]);
}

/// An edit that is not taken: explained with its place, and nothing is heard of it.
#[track_caller]
fn check_refused(tables: &str, other: &str, words: &[&str]) {
    let script = noisy(tables);
    let expected = script.undisturbed();
    let run = edited(&script, other).expect(4);
    assert_same(&run.output, &expected.output, other);
    assert_eq!(run.report["complete"], true);
    for word in words {
        assert!(run.answer.err.contains(word), "{word}: {}", run.answer.err);
    }
}

#[test]
fn a_mistake_is_explained_with_its_place_and_the_audio_goes_on() {
    let good = gain("a", -3.0);
    for (other, words) in [
        ("[[stage]\n".to_owned(), &[".toml:1:9"][..]),
        (good.clone() + "typo = 1\n", &[".toml:5:1", "typo"]),
        (
            good.replace("gain_db", "gian_db"),
            &[".toml:4:", "gian_db", "did you mean `gain_db`"],
        ),
        (good.replace("-3", "1000"), &[".toml:4:", "1000"]),
        (
            good.clone() + &stage("b", "nobody.knows/this", ""),
            &["nobody.knows"],
        ),
        (good.clone() + &good, &[".toml:", "`a`"]),
        (
            good.clone() + "[stream]\nsample_rate_hz = 44100\n",
            &[".toml:", "sample_rate_hz", "restart"],
        ),
    ] {
        check_refused(&good, &other, words);
    }
}

#[test]
fn a_mistake_applies_nothing_of_the_good_edits_beside_it() {
    let tables = gain("a", -3.0) + &gain("b", -3.0);
    let other = gain("a", 6.0) + &gain("b", 6.0) + &stage("c", "nobody.knows", "");
    check_refused(&tables, &other, &["nobody.knows"]);
}

#[test]
fn an_edit_after_a_refused_one_is_taken() {
    let script = noisy(&gain("a", -3.0));
    script.desk.write("broken.toml", "[[stage]\n");
    script.desk.write("edited.toml", gain("a", 0.0));
    let changes = Changes::new()
        .at(20_001, "edit = { config = \"broken.toml\" }")
        .at(EDIT_FRAME, "edit = { config = \"edited.toml\" }");
    let run = script.changed(&changes).expect(4);
    let input = &script.input[0][SETTLED_FRAME..];
    assert_eq!(run.output[0][SETTLED_FRAME..], *input);
}

/// A pipeline that uses another plugin's component.
fn dependent(plugins: &[&str]) -> Script {
    let desk = Desk::new();
    desk.install(plugins.iter().map(|plugin| test_plugin(plugin)));
    let input = vec![wav::noise(61, FRAMES)];
    let tables = stage("user", "test.user", "") + &stage("own", "test.provider", "");
    Script::new(desk, input, &tables)
}

#[test]
fn a_swapped_provider_takes_its_dependents_with_it_in_one_change() {
    let script = dependent(&["user", "provider-1", "provider-3"]);
    let swap = "swap = { plugin = \"test.provider\", version = \"=1.4.0\" }";
    let run = script
        .changed(&Changes::new().at(EDIT_FRAME, swap))
        .expect(0);
    let receipts = run.all_done(2);
    assert_eq!(receipts[0]["change"], receipts[1]["change"]);
    let names: Vec<_> = receipts
        .iter()
        .map(|one| one["stage"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"user") && names.contains(&"own"),
        "{names:?}"
    );
    let done = receipts.iter().map(|one| frame(one, "done_at_frames"));
    let done = done.max().unwrap();
    let times = |factor: f32, part: &[f32]| -> Vec<f32> {
        part.iter().map(|sample| sample * factor).collect()
    };
    let (output, input) = (&run.output[0], &script.input[0]);
    assert_eq!(
        output[..EDIT_FRAME],
        times(-0.0625 * 0.125, &input[..EDIT_FRAME])
    );
    assert_eq!(output[done..], times(-0.25 * 0.5, &input[done..]));
}

#[test]
fn one_stage_alone_takes_no_dependents_with_it() {
    let script = dependent(&["user", "provider-1", "provider-3"]);
    let changes = Changes::new().swap(EDIT_FRAME, "own", ", version = \"=1.4.0\"");
    let run = script.changed(&changes).expect(0);
    let done = frame(run.receipt(), "done_at_frames");
    let rest: Vec<_> = script.input[0][done..]
        .iter()
        .map(|sample| sample * -0.0625 * 0.5)
        .collect();
    assert_eq!(run.output[0][done..], rest);
}

#[test]
fn a_swap_that_a_dependent_forbids_is_refused_with_its_explanation() {
    let script = dependent(&["user", "provider-1", "provider-2"]);
    let expected = script.undisturbed();
    let swap = "swap = { plugin = \"test.provider\", version = \"=2.0.0\" }";
    let run = script
        .changed(&Changes::new().at(EDIT_FRAME, swap))
        .expect(4);
    assert_same(&run.output, &expected.output, "refused");
    let told = run.report["changes"].to_string();
    for word in ["test.user", "test.provider", "^1"] {
        assert!(told.contains(word), "{word} is not in {told}");
    }
    assert!(run.answer.err.contains("test.user"), "{}", run.answer.err);
}

#[test]
fn a_newer_version_is_taken_only_as_far_as_the_running_major() {
    // Without a version the newest that may be taken: not the next major.
    let desk = Desk::new();
    desk.install(["provider-1", "provider-2"].map(test_plugin));
    let tables = stage("own", "test.provider", "");
    let require = "[plugins.require]\n\"test.provider\" = \"1\"\n";
    let script = Script::new(desk, vec![wav::noise(62, FRAMES)], &(tables + require));
    let expected = script.undisturbed();
    let run = script
        .changed(&Changes::new().swap(EDIT_FRAME, "own", ""))
        .expect(0);
    assert_eq!(run.receipt()["new"]["version"], "1.4.0");
    assert_same(&run.output, &expected.output, "the same version");
}

#[test]
fn the_sine_of_these_tests_steps_as_arithmetic_says() {
    // The bounds above lean on it.
    let own = 2.0 * AMPLITUDE * (TAU * SINE_HZ / f64::from(SAMPLE_RATE_HZ) / 2.0).sin();
    let found = largest_step(&sine(SINE_HZ, AMPLITUDE, FRAMES));
    assert!((own - found).abs() < 1e-6, "{own} {found}");
}
