//! The cascade against the analytic response of each band at four sample rates, on every vector
//! level and every way through the kernel: alone, as one of a pair, as the odd one behind pairs.

#[path = "support/analytic.rs"]
mod analytic;

use analytic::SAMPLE_RATES_HZ;
use segue_dsp::biquad::{Band, Coefficients, Shape};
use segue_dsp::cpu;
use segue_dsp::eq::{Bank, Cascade, Fade, Planes};

/// Channels of which only one hears an impulse, another one each time.
const CHANNELS: usize = 3;

/// A block of some channels in which input and output are the same length.
struct Block {
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
}

impl Planes for Block {
    fn frames(&self) -> usize {
        self.input[0].len()
    }

    fn input(&self, channel: usize) -> &[f32] {
        &self.input[channel]
    }

    fn output(&mut self, channel: usize) -> &mut [f32] {
        &mut self.output[channel]
    }
}

/// Compares one cascade with the product of its bands' prototypes at every frequency.
fn check(bands: &[Band], sample_rate_hz: f64) {
    let design = |band| Coefficients::design(band, sample_rate_hz).expect("in range");
    let coefficients: Vec<Coefficients> = bands.iter().map(design).collect();
    let frames = analytic::frames(bands, sample_rate_hz);
    for level in cpu::levels() {
        let mut alone = vec![0.0; frames];
        alone[0] = 1.0;
        let mut cascade = Cascade::on(level, &coefficients).expect("few sections");
        cascade.process_in_place(&mut alone);
        let name = cpu::name(level);
        analytic::check(name, bands, sample_rate_hz, &alone);

        let mut bank = Bank::new(level, CHANNELS);
        for (index, coefficients) in coefficients.iter().enumerate() {
            bank.insert(index).expect("few sections");
            bank.fade(index, *coefficients, Fade::AT_ONCE)
                .expect("it is there");
        }
        let impulse = |channel: usize| {
            let mut input = vec![0.0; frames];
            input[channel] = 1.0;
            input
        };
        let mut block = Block {
            input: (0..CHANNELS).map(impulse).collect(),
            output: vec![vec![9.0; frames]; CHANNELS],
        };
        bank.process(&mut block);
        for (channel, output) in block.output.iter().enumerate() {
            assert!(output[..channel].iter().all(|sample| *sample == 0.0));
            assert!(
                output[channel..] == alone[..frames - channel],
                "{name}: channel {channel} is not what a cascade of its own answers"
            );
        }
    }
}

/// One shape at the ends and in the middle of the audible range, wide and narrow.
fn check_shape(shape: Shape) {
    for sample_rate_hz in SAMPLE_RATES_HZ {
        for (frequency_hz, q) in [(20.0, 0.707), (80.0, 2.0), (1_000.0, 0.5), (20_000.0, 1.0)] {
            check(
                &[Band {
                    shape,
                    frequency_hz,
                    q,
                }],
                sample_rate_hz,
            );
        }
    }
}

#[test]
fn low_pass_is_the_analytic_one() {
    check_shape(Shape::LowPass);
}

#[test]
fn high_pass_is_the_analytic_one() {
    check_shape(Shape::HighPass);
}

#[test]
fn notch_is_the_analytic_one() {
    check_shape(Shape::Notch);
}

#[test]
fn peak_is_the_analytic_one() {
    check_shape(Shape::Peak { gain_db: 12.0 });
    check_shape(Shape::Peak { gain_db: -18.0 });
}

#[test]
fn low_shelf_is_the_analytic_one() {
    check_shape(Shape::LowShelf { gain_db: 9.0 });
    check_shape(Shape::LowShelf { gain_db: -15.0 });
}

#[test]
fn high_shelf_is_the_analytic_one() {
    check_shape(Shape::HighShelf { gain_db: 9.0 });
    check_shape(Shape::HighShelf { gain_db: -15.0 });
}

#[test]
fn sixteen_sections_are_the_product_of_their_bands() {
    let shapes = [
        Shape::HighPass,
        Shape::LowShelf { gain_db: 4.0 },
        Shape::Peak { gain_db: -5.0 },
        Shape::Peak { gain_db: 3.0 },
        Shape::HighShelf { gain_db: -3.0 },
    ];
    let band = |index: usize| Band {
        shape: shapes[index % shapes.len()],
        frequency_hz: 20.0 * 1.5_f64.powi(index as i32),
        q: 0.9,
    };
    let bands: Vec<Band> = (0..16).map(band).collect();
    for sample_rate_hz in SAMPLE_RATES_HZ {
        for count in [2, 3, 5, 9, 16] {
            check(&bands[..count], sample_rate_hz);
        }
    }
}
