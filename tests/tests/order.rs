//! Another order of stages: from one to the other nothing is louder than the louder of both, by
//! whatever the stages change the level.

use segue_tests::build::reference;
use segue_tests::desk::Desk;
use segue_tests::script::{Changes, FADE_FRAMES, Script, frame, sine};
use segue_tests::signals::music;
use segue_tests::watch::{Usual, watch};
use segue_tests::wav;

const FRAMES: usize = 120_000;

/// Where the file changes: an odd frame, when every chain here is at rest.
const EDIT_FRAME: usize = 60_003;

/// The frames that are looked at: until long after everything has faded.
const LOOKED_AT: std::ops::Range<usize> = EDIT_FRAME - 2_000..EDIT_FRAME + 57_000;

const BOOST: &str = "[[stage]]\nid = \"boost\"\ncomponent = \"segue.gain\"\nparams.gain_db = 20\n";
const CUT: &str = "[[stage]]\nid = \"cut\"\ncomponent = \"segue.gain\"\nparams.gain_db = -20\n";
const PLAIN: &str = "[[stage]]\nid = \"plain\"\ncomponent = \"segue.gain\"\n";
const COMPRESS: &str = "[[stage]]\nid = \"compress\"\ncomponent = \"segue.dynamics/compressor\"\n\
    params = { threshold_db = -30, ratio = 8 }\n";
const ECHO: &str = "[[stage]]\nid = \"echo\"\ncomponent = \"segue.delay/delay\"\n\
    params = { delay_ms = 120, feedback = 0.7, mix = 0.5 }\n";

fn script(input: Vec<f32>, tables: &str) -> Script {
    let desk = Desk::new();
    desk.install(
        [
            "segue-gain",
            "segue-dynamics",
            "segue-delay",
            "segue-filters",
        ]
        .map(|name| reference().file(name)),
    );
    Script::new(desk, vec![input], tables)
}

/// Signals at a level that no chain here drives to the limits of a compressor's curve alone.
fn signals() -> [(Vec<f32>, Usual); 3] {
    let quiet = |signal: Vec<f32>| signal.iter().map(|sample| sample * 0.25).collect();
    [
        (sine(1_000.0, 0.1, FRAMES), Usual::SINE),
        (quiet(music(FRAMES)), Usual::MUSIC),
        (quiet(wav::noise(31, FRAMES)), Usual::NOISE),
    ]
}

/// The chains in this order become those in that order, and nothing stands out.
#[track_caller]
fn check(before: &[&str], after: &[&str], changes: &Changes) -> serde_json::Value {
    let (before, after) = (before.concat(), after.concat());
    let mut receipts = serde_json::Value::Null;
    for (input, usual) in signals() {
        let script = script(input.clone(), &before);
        script.desk.write("edited.toml", &after);
        let old = script.undisturbed();
        let new = self::script(input, &after).undisturbed();
        let run = script.changed(changes).expect(0);
        let chains = [&old.output[0][..], &new.output[0][..]];
        let findings = watch(&run.output[0], LOOKED_AT, chains, usual);
        assert!(
            findings.is_empty(),
            "{before}\nto\n{after}\n{} findings, from {:?}\n{:#}",
            findings.len(),
            &findings[..findings.len().min(20)],
            run.report["changes"]
        );
        receipts = run.report["changes"].clone();
    }
    receipts
}

fn edit() -> Changes {
    Changes::new().at(EDIT_FRAME, "edit = { config = \"edited.toml\" }")
}

#[test]
fn a_boost_and_a_cut_change_places_on_a_constant() {
    let before = [BOOST, CUT].concat();
    let script = script(vec![0.5; FRAMES], &before);
    script.desk.write("edited.toml", [CUT, BOOST].concat());
    let run = script.changed(&edit()).expect(0);
    let loudest = run.output[0].iter().copied().fold(0.0, f32::max);
    assert!(
        loudest < 0.501,
        "{loudest}, expected 0.5 as before and after"
    );
}

#[test]
fn gains_change_places() {
    check(&[BOOST, CUT], &[CUT, BOOST], &edit());
    check(&[BOOST, PLAIN, CUT], &[CUT, PLAIN, BOOST], &edit());
    check(&[PLAIN, BOOST, CUT], &[BOOST, CUT, PLAIN], &edit());
}

#[test]
fn gains_change_places_across_a_compressor() {
    check(&[BOOST, COMPRESS, CUT], &[CUT, COMPRESS, BOOST], &edit());
    check(&[CUT, COMPRESS, BOOST], &[BOOST, COMPRESS, CUT], &edit());
    check(&[COMPRESS, BOOST], &[BOOST, COMPRESS], &edit());
    check(&[BOOST, COMPRESS], &[COMPRESS, BOOST], &edit());
}

#[test]
fn gains_change_places_across_echoes() {
    check(&[BOOST, ECHO, CUT], &[CUT, ECHO, BOOST], &edit());
    check(&[CUT, ECHO, BOOST], &[BOOST, ECHO, CUT], &edit());
}

#[test]
fn two_stages_are_taken_out_or_put_in_by_one_edit() {
    check(&[BOOST, PLAIN, CUT], &[PLAIN], &edit());
    check(&[PLAIN], &[BOOST, PLAIN, CUT], &edit());
    check(&[PLAIN], &[CUT, PLAIN, COMPRESS, BOOST], &edit());
}

#[test]
fn two_stages_become_other_components_by_one_edit() {
    let [one, two] = [("one", 12.0, 3.0), ("two", 3.0, 12.0)];
    let gain = |id: &str, gain_db: f64| {
        format!(
            "[[stage]]\nid = \"{id}\"\ncomponent = \"segue.gain\"\nparams.gain_db = {gain_db}\n"
        )
    };
    let shelf = |id: &str, gain_db: f64| {
        format!(
            "[[stage]]\nid = \"{id}\"\ncomponent = \"segue.filters/eq\"\n\
             params.band = [{{ type = \"low-shelf\", frequency_hz = 20000, gain_db = {gain_db} }}]\n"
        )
    };
    let before = [gain(one.0, 18.0), gain(two.0, -18.0)].concat();
    let after = [shelf(one.0, -18.0), shelf(two.0, 18.0)].concat();
    check(&[&before], &[&after], &edit());
}

#[test]
fn what_stands_between_goes_on_from_the_state_of_its_first_instance_and_says_so() {
    let receipts = check(&[BOOST, COMPRESS, CUT], &[CUT, COMPRESS, BOOST], &edit());
    let told = |stage: &str| {
        let all = receipts.as_array().unwrap();
        let of = all.iter().find(|receipt| receipt["stage"] == stage);
        of.unwrap()["reasons"].to_string()
    };
    assert!(
        told("compress").contains("goes on from the state"),
        "{receipts:#}"
    );
    let receipts = check(&[BOOST, ECHO, CUT], &[CUT, ECHO, BOOST], &edit());
    let reasons = receipts.to_string();
    assert!(reasons.contains("starts in silence"), "{receipts:#}");
}

#[test]
fn a_stage_that_is_bypassed_stays_so_where_it_starts_anew() {
    let bypass = "bypass = { stage = \"compress\" }";
    let changes = Changes::new()
        .at(20_001, bypass)
        .at(EDIT_FRAME, "edit = { config = \"edited.toml\" }");
    let input = sine(1_000.0, 0.1, FRAMES);
    let script = script(input.clone(), &[BOOST, COMPRESS, CUT].concat());
    script
        .desk
        .write("edited.toml", [CUT, COMPRESS, BOOST].concat());
    let run = script.changed(&changes).expect(0);
    // Its input is heard before and after: what goes in comes out, but for rounding.
    let rest = run.output[0].iter().zip(&input).skip(30_000);
    let far = rest.fold(0.0f32, |most, (out, sample)| most.max((out - sample).abs()));
    assert!(far < 1e-5, "{far}");
}

#[test]
fn a_stage_behind_a_compressor_or_the_compressor_itself_is_bypassed() {
    let bypass = |stage: &str| {
        let action = format!("bypass = {{ stage = \"{stage}\" }}");
        Changes::new().at(EDIT_FRAME, &action)
    };
    check(&[BOOST, COMPRESS, CUT], &[BOOST, COMPRESS], &bypass("cut"));
    check(&[BOOST, COMPRESS, CUT], &[BOOST, CUT], &bypass("compress"));
    check(&[COMPRESS, ECHO], &[COMPRESS], &bypass("echo"));
}

#[test]
fn a_compressor_behind_a_bypass_hears_one_fade_and_nothing_else() {
    let input = sine(1_000.0, 0.1, FRAMES);
    let changes = Changes::new().at(EDIT_FRAME, "bypass = { stage = \"cut\" }");
    let run = script(input.clone(), &[CUT, COMPRESS].concat()).changed(&changes);
    let run = run.expect(0);
    let heard = frame(run.receipt(), "heard_at_frames");
    let faded = input.iter().enumerate().map(|(at, sample)| {
        let share = at.saturating_sub(heard) as f32 / FADE_FRAMES as f32;
        sample * (0.1 + 0.9 * share.min(1.0))
    });
    let expected = script(faded.collect(), COMPRESS).undisturbed();
    let pairs = run.output[0].iter().zip(&expected.output[0]);
    let far = pairs.fold(0.0f32, |most, (found, expected)| {
        most.max((found - expected).abs())
    });
    assert!(far < 1e-5, "{far} from a compressor that hears the fade");
}
