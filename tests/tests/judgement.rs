//! One judgement: `check`, a start, `reload`, its dry run, `set`, `--set` and `save` accept the same
//! and refuse the same, in the same words.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use segue_tests::air::Air;
use segue_tests::build::{reference, test_plugin};
use segue_tests::desk::{Desk, stage};
use segue_tests::script::{Changes, Script, assert_same};
use segue_tests::wav;

fn gain(gain_db: f32) -> String {
    stage(
        "gain",
        "segue.gain",
        &format!("params.gain_db = {gain_db:?}"),
    )
}

/// An equalizer whose second band lies there, and changes nothing while its gain is 0.
fn eq(frequency_hz: u32) -> String {
    let bands = format!(
        "params.band = [{{}}, {{ type = \"peak\", frequency_hz = {frequency_hz}, gain_db = 0 }}]"
    );
    stage("eq", "segue.filters", &bands)
}

fn desk() -> Desk {
    let desk = Desk::new();
    let plugins = ["segue-gain", "segue-filters", "segue-dynamics"];
    desk.install(plugins.map(|name| reference().file(name)));
    desk.install(["late", "shapes"].map(test_plugin));
    wav::write(&desk.path("in.wav"), 48_000, &[wav::noise(7, 4_800)]);
    desk
}

/// What people read without its line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn has(text: &str, sentence: &str) {
    assert!(flat(text).contains(sentence), "{sentence:?} in\n{text}");
}

/// A value that a parameter cannot have, wherever it is said: the file that holds it, the file that
/// does not, the parameter with the value, and what is said of it.
#[track_caller]
fn refused_everywhere(wrong: &str, good: &str, [stage, param, value]: [&str; 3], sentence: &str) {
    let desk = desk();
    desk.write(
        "wrong.toml",
        format!("[stream]\ninput = \"in.wav\"\n{wrong}"),
    );
    has(&desk.segue(["check", "wrong.toml"]).expect(2).err, sentence);
    let run = ["run", "in.wav", "out.wav", "--config"];
    let started = desk.segue([&run[..], &["wrong.toml"]].concat()).expect(2);
    has(&started.err, sentence);
    desk.write("good.toml", good);
    let flag = format!("{stage}.{param}={value}");
    let flagged = desk.segue([&run[..], &["good.toml", "--set", &flag]].concat());
    has(&flagged.expect(2).err, sentence);

    let air = Air::start(desk, good, &[]);
    air.wait_for(1.0);
    has(&air.refused(&["set", stage, param, value], 3), sentence);
    assert_eq!(air.overrides(), []);
    let saved = air.done(&["save"]);
    has(saved["text"].as_str().unwrap(), "nothing was written");
    assert_eq!(air.saved(), good);
    air.save(wrong);
    has(&air.refused(&["reload", "--dry-run"], 3), sentence);
    has(&air.refused(&["reload"], 3), sentence);
    // The stage is new in these: what is judged is a candidate's value.
    let renamed = |tables: &str| tables.replace("id = \"", "id = \"new-");
    air.save(&renamed(wrong));
    has(&air.refused(&["reload", "--dry-run"], 3), sentence);
    has(&air.refused(&["reload"], 3), sentence);
    air.stays(1.0);
    air.save(&renamed(good));
    let _ = air.done(&["reload", "--dry-run"]);
    let _ = air.done(&["reload"]);
    air.wait_for(1.0);
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn a_value_out_of_range_is_refused_whoever_says_it() {
    let sentence = "gain_db is 999 dB, expected -120 to 60 dB";
    let value = ["gain", "gain_db", "999"];
    refused_everywhere(&gain(999.0), &gain(0.0), value, sentence);
}

#[test]
fn a_frequency_that_the_rate_cannot_carry_is_refused_whoever_says_it() {
    let sentence = "band.2.frequency_hz is 30000 Hz, expected less than 24000 Hz, half of the \
                    sample rate of 48000 Hz";
    let value = ["eq", "band.2.frequency_hz", "30000"];
    refused_everywhere(&eq(30_000), &eq(1_000), value, sentence);
}

#[test]
fn the_mistakes_of_all_stages_are_told_at_once_whoever_asks() {
    let desk = desk();
    let good = gain(0.0) + &eq(1_000);
    let wrong = gain(999.0) + &eq(30_000);
    let sentences = ["gain_db is 999 dB", "band.2.frequency_hz is 30000 Hz"];
    desk.write(
        "wrong.toml",
        "[stream]\nsample_rate_hz = 48000\n".to_owned() + &wrong,
    );
    let checked = desk.segue(["check", "wrong.toml"]).expect(2).err;
    let air = Air::start(desk, &good, &[]);
    air.wait_for(1.0);
    let new_eq = wrong.replace("id = \"eq\"", "id = \"new\"");
    let all_new = new_eq.replace("id = \"gain\"", "id = \"other\"");
    // Two that go on, one that goes on beside a candidate, and two candidates.
    for file in [&wrong, &new_eq, &all_new] {
        air.save(file);
        for sentence in sentences {
            has(&checked, sentence);
            has(&air.refused(&["reload", "--dry-run"], 3), sentence);
            has(&air.refused(&["reload"], 3), sentence);
        }
    }
    // What cannot be found is told beside what is wrong.
    air.save(&(gain(999.0) + &stage("eq", "segue.nowhere", "")));
    for sentence in [sentences[0], "segue.nowhere"] {
        has(&air.refused(&["reload", "--dry-run"], 3), sentence);
    }
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn a_plugin_that_is_not_there_is_refused_with_what_there_is() {
    let air = Air::start(desk(), &gain(0.0), &[]);
    air.wait_for(1.0);
    for (swapped, near) in [
        ("segue.gian", "did you mean segue.gain?"),
        ("acme.none", ""),
    ] {
        let told = air.refused(&["swap", "gain", swapped], 3);
        let all = [
            "segue.gain, segue.levels",
            "test.late, test.shapes",
            "`segue list --why`",
        ];
        for sentence in ["was not found", near].into_iter().chain(all) {
            has(&told, sentence);
        }
    }
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn a_frequency_is_judged_by_the_rate_of_its_session() {
    let desk = desk();
    let rate = |rate_hz: u32| format!("[stream]\nsample_rate_hz = {rate_hz}\n") + &eq(30_000);
    desk.write("slow.toml", rate(48_000));
    has(
        &desk.segue(["check", "slow.toml"]).expect(2).err,
        "24000 Hz",
    );
    desk.write("fast.toml", rate(96_000));
    let _ = desk.segue(["check", "fast.toml"]).expect(0);
    let _ = desk
        .segue(["run", "in.wav", "out.wav", "--config", "fast.toml"])
        .expect(0);
    // No rate is known: nothing can be said of it.
    desk.write("any.toml", eq(30_000));
    let _ = desk.segue(["check", "any.toml"]).expect(0);
}

#[test]
fn a_value_for_another_component_than_the_files_is_judged_too() {
    let air = Air::start(desk(), &gain(0.0), &[]);
    air.wait_for(1.0);
    let _ = air.done(&["swap", "gain", "segue.filters"]);
    let sentence = "band.1.gain_db is 999 dB, expected";
    has(
        &air.refused(&["set", "gain", "band.1.gain_db", "999"], 3),
        sentence,
    );
    // A row is told by its length, whatever of it the file has; a slip in it by what it has.
    let long = air.refused(&["set", "gain", "band.17.q", "3"], 3);
    has(&long, "it has band.1 to band.16");
    assert!(!long.contains("did you mean"), "{long}");
    let slip = air.refused(&["set", "gain", "band.9.gian_db", "3"], 3);
    has(&slip, "did you mean `gain_db`?");
    assert_eq!(air.overrides().len(), 1, "{:?}", air.overrides());
    assert_eq!(air.finish().code, Some(0));
}

#[test]
fn what_is_saved_is_a_file_that_starts() {
    let air = Air::start(desk(), &gain(0.0), &[]);
    air.wait_for(1.0);
    let _ = air.done(&["swap", "gain", "segue.filters"]);
    let _ = air.done(&["set", "gain", "band.1.gain_db", "0"]);
    // The value waits for its component: the file's has no such parameter.
    let _ = air.done(&["swap", "gain", "segue.gain"]);
    let _ = air.done(&["set", "gain", "gain_db", "-6"]);
    let saved = air.done(&["save"]);
    let text = saved["text"].as_str().unwrap();
    has(text, "written: gain.params.gain_db");
    has(text, "gain.params.band.1.gain_db stays an override");
    let _ = air.done(&["reload", "--dry-run"]);
    air.wait_for(10.0f32.powf(-6.0 / 20.0));
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    let _ = over.desk.segue(["check", "plugins.toml"]).expect(0);
}

/// What a dry run and a reload refuse alike; and one that both take.
#[track_caller]
fn refused_dry_and_wet(good: &str, wrong: &str, sentence: &str) {
    let desk = desk();
    desk.install([test_plugin("shapes")]);
    let air = Air::start(desk, good, &[]);
    air.wait_for(1.0);
    air.save(wrong);
    has(&air.refused(&["reload", "--dry-run"], 3), sentence);
    has(&air.refused(&["reload"], 3), sentence);
    air.stays(1.0);
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
}

#[test]
fn a_dry_run_refuses_more_latency_than_the_reserve() {
    let reserve = "[stream]\nlatency_reserve_frames = 100\n";
    let prompt = reserve.to_owned() + &stage("late", "test.late/none", "");
    let sentence = "480 frames later, and 100 frames of the reserve are left";
    let swapped = prompt.replace("/none", "/long");
    refused_dry_and_wet(&prompt, &swapped, sentence);
    let added = prompt.clone() + &stage("more", "test.late/long", "");
    refused_dry_and_wet(&prompt, &added, sentence);
}

#[test]
fn a_dry_run_refuses_what_a_component_refuses() {
    let keyed = |key: &str| stage("key", "test.shapes/key", key);
    let two = keyed("sidechain = { one = \"gain\", two = \"input\" }");
    let sentence = "test.shapes/key takes 1 sidechain, found 2: one, two";
    refused_dry_and_wet(&gain(0.0), &(gain(0.0) + &two), sentence);
    let other = stage(
        "other",
        "test.shapes/settings",
        "settings = { word = \"other\" }",
    );
    let sentence = "the settings did not arrive";
    refused_dry_and_wet(&gain(0.0), &(gain(0.0) + &other), sentence);
}

#[test]
fn a_dry_run_changes_nothing_and_leaves_no_receipt() {
    let good = gain(0.0);
    let air = Air::start(desk(), &good, &[]);
    air.wait_for(1.0);
    air.save(&(good.clone() + &stage("late", "test.late/none", "") + &eq(1_000)));
    let planned = air.done(&["reload", "--dry-run"]);
    let plan = planned["plan"].as_array().unwrap();
    assert_eq!(plan.len(), 3, "{planned:#}");
    air.stays(1.0);
    let status = air.status();
    assert_eq!(status["stages"].as_array().unwrap().len(), 1, "{status:#}");
    assert_eq!(
        status["receipts"].as_array().unwrap().len(),
        0,
        "{status:#}"
    );
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    assert_eq!(over.report["changes"].as_array().unwrap().len(), 0);
}

/// The first sidechain less a quarter of the second one.
fn keys(order: &str) -> String {
    stage("loud", "segue.gain", "params.gain_db = 6.0")
        + &stage(
            "soft",
            "segue.gain",
            "after = [\"input\"]\nparams.gain_db = -6.0",
        )
        + &stage(
            "keys",
            "test.shapes/keys",
            &format!("after = [\"input\"]\nsidechain = {{ {order} }}"),
        )
}

#[test]
fn another_order_of_sidechains_is_a_change() {
    let (one, other) = (
        keys("a = \"loud\", b = \"soft\""),
        keys("b = \"soft\", a = \"loud\""),
    );
    let input = vec![wav::noise(11, 48_000)];
    let before = Script::new(desk(), input.clone(), &one);
    let after = Script::new(desk(), input, &other).undisturbed();
    assert_ne!(before.undisturbed().output, after.output);
    before.desk.write("edited.toml", &other);
    let edit = Changes::new().at(9_001, "edit = { config = \"edited.toml\" }");
    let run = before.changed(&edit).expect(0);
    let receipt = run.receipt();
    assert_eq!(receipt["action"], "move", "{receipt:#}");
    let said = receipt["reasons"].to_string();
    assert!(
        said.contains("sidechains b = soft, a = loud"),
        "{receipt:#}"
    );
    let settled = |all: &[Vec<f32>]| vec![all[0][24_000..].to_vec()];
    assert_same(
        &settled(&run.output),
        &settled(&after.output),
        "what a restart plays",
    );
}

#[test]
fn more_sidechains_than_a_component_takes_are_refused_by_name() {
    let desk = desk();
    let two = stage(
        "key",
        "test.shapes/key",
        "sidechain = { one = \"input\", two = \"input\" }",
    );
    desk.write("plugins.toml", two);
    let sentence = "test.shapes/key takes 1 sidechain, found 2: one, two";
    has(&desk.segue(["check"]).expect(2).err, sentence);
    has(
        &desk.segue(["run", "in.wav", "out.wav"]).expect(2).err,
        sentence,
    );
}

#[test]
fn what_a_file_names_and_is_not_there_is_told() {
    let desk = desk();
    let head = "[stream]\ninput = \"nothing.wav\"\noutput = \"out.mp3\"\n\
                [plugins]\npaths = [\"nowhere\"]\nrequire = { \"segue.gian\" = \"1\" }\n";
    desk.write("plugins.toml", head.to_owned() + &gain(0.0));
    let checked = desk.segue(["check"]).expect(0);
    let told = String::from_utf8(checked.out).unwrap();
    assert!(told.contains("no errors, 4 warnings in 1 stage"), "{told}");
    let told = checked.err;
    for sentence in [
        "nothing.wav cannot be read",
        "mp3",
        "nowhere is not searched",
        "no plugin segue.gian was found, so this requirement holds nothing",
        "did you mean `segue.gain`?",
    ] {
        has(&told, sentence);
    }
    let _ = desk.segue(["check", "--strict"]).expect(2);
    // A run has what it needs from its arguments; the pin holds nothing for it either.
    let run = desk.segue(["run", "in.wav", "out.wav"]).expect(0);
    has(&run.err, "no plugin segue.gian was found");
    desk.write("empty.toml", "");
    let empty = desk.segue(["check", "empty.toml"]).expect(0).err;
    has(&empty, "no [[stage]] and no [[tap]]");
}

#[test]
fn mistakes_of_form_and_of_meaning_are_told_at_once() {
    let desk = desk();
    let tables = "[stream]\nblok_frames = 1\n".to_owned()
        + &gain(999.0)
        + &stage("two", "segue.gian", "")
        + &stage(
            "three",
            "segue.filters",
            "params.bnad = 1\non_eror = \"mute\"",
        );
    desk.write("plugins.toml", tables);
    let told = desk.segue(["check"]).expect(2).err;
    for sentence in [
        "unknown key `blok_frames`",
        "unknown key `on_eror`",
        "gain_db is 999 dB, expected -120 to 60 dB",
        "eq has no parameter `bnad`",
        "segue.gian",
    ] {
        has(&told, sentence);
    }
    // What was given wrong is not missed as well, and syntax alone is looked at where that is asked.
    desk.write(
        "settings.toml",
        stage(
            "word",
            "test.shapes/settings",
            "settings = { word = 1979-05-27 }",
        ),
    );
    let told = desk.segue(["check", "settings.toml"]).expect(2).err;
    assert_eq!(told.matches("error:").count(), 1, "{told}");
    let told = desk.segue(["check", "--syntax"]).expect(2).err;
    assert!(!told.contains("999"), "{told}");
}
