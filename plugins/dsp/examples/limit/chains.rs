//! Chains: the work, known when it was compiled.

use segue_dsp::gain;

/// One of the chains.
pub(crate) enum Chain {
    Gain,
}

impl Chain {
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        match name {
            "gain" => Ok(Self::Gain),
            _ => Err(format!("there is no chain {name}, expected gain, eq16 or chain")),
        }
    }

    pub(crate) fn latency_frames(&self) -> usize {
        0
    }

    pub(crate) fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        match self {
            Self::Gain => {
                let gain = 10.0_f64.powf(-6.0 / 20.0) as f32;
                gain::apply_in_place(gain, left);
                gain::apply_in_place(gain, right);
            }
        }
    }
}
