//! The response of every type of band on paper, and as it comes out of the plugin.

use super::*;
use segue_dsp::biquad::Shape;
use segue_dsp::{biquad, cpu};
use std::env;
use std::process::Command;

#[path = "../../../dsp/tests/support/analytic.rs"]
mod analytic;

/// Names the level that a copy of these tests has to find itself on.
const EXPECTED_LEVEL: &str = "SEGUE_TEST_LEVEL";
/// Blocks as a host might cut them.
const BLOCKS: [usize; 4] = [64, 1, 500, 17];

/// The same band for the analytic response.
fn on_paper(band: &Band) -> biquad::Band {
    let gain_db = band.gain_db;
    let shape = match band.kind {
        Kind::Off => unreachable!("no band that is off has a response"),
        Kind::HighPass => Shape::HighPass,
        Kind::LowPass => Shape::LowPass,
        Kind::LowShelf => Shape::LowShelf { gain_db },
        Kind::HighShelf => Shape::HighShelf { gain_db },
        Kind::Peak => Shape::Peak { gain_db },
        Kind::Notch => Shape::Notch,
    };
    biquad::Band {
        shape,
        frequency_hz: band.frequency_hz,
        q: band.q,
    }
}

fn check(bands: &[Band], rate_hz: f64) {
    let paper: Vec<_> = bands.iter().map(on_paper).collect();
    let frames = analytic::frames(&paper, rate_hz);
    let mut eq = with(bands).stereo(rate_hz as u32).activate().unwrap();
    let mut impulse = vec![0.0; frames];
    impulse[0] = 1.0;
    let late: Vec<f32> = [&[0.0], &impulse[..frames - 1]].concat();
    let found = eq.run(&[&impulse, &late], &BLOCKS).unwrap();
    let level = cpu::name(cpu::arch());
    analytic::check(level, &paper, rate_hz, &found[0]);
    assert_eq!(found[1][1..], found[0][..frames - 1], "{level}");
}

#[test]
fn every_band_answers_as_on_paper() {
    if let Ok(expected) = env::var(EXPECTED_LEVEL) {
        assert_eq!(cpu::name(cpu::arch()), expected);
    }
    let kinds = [
        (Kind::HighPass, 0.0),
        (Kind::LowPass, 0.0),
        (Kind::LowShelf, 9.0),
        (Kind::HighShelf, -15.0),
        (Kind::Peak, 12.0),
        (Kind::Peak, -18.0),
        (Kind::Notch, 0.0),
    ];
    for rate_hz in analytic::SAMPLE_RATES_HZ {
        for (kind, gain_db) in kinds {
            for (frequency_hz, q) in [(20.0, 0.707), (80.0, 2.0), (1_000.0, 0.5), (20_000.0, 1.0)] {
                check(&[band(kind, frequency_hz, gain_db, q)], rate_hz);
            }
        }
        let peak = |number: i32| band(Kind::Peak, 30.0 * 1.5_f64.powi(number), 6.0, 0.9);
        let all: Vec<Band> = (0..BANDS as i32).map(peak).collect();
        check(&all, rate_hz);
        check(&all[..9], rate_hz);
    }
}

/// The level is chosen when a plugin is made, by the environment: each gets a process of its own.
#[test]
fn every_band_answers_so_on_every_level() {
    for level in cpu::levels().into_iter().map(cpu::name) {
        let copy = Command::new(env::current_exe().unwrap())
            .args(["--exact", "tests::response::every_band_answers_as_on_paper"])
            .envs([(cpu::VARIABLE, level), (EXPECTED_LEVEL, level)])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&copy.stdout);
        assert!(copy.status.success(), "{level}: {text}");
        assert!(text.contains("1 passed"), "{level}: {text}");
    }
}
