//! The rules plugin: limits of readings, with hysteresis and hold.
//!
//! In: readings of the taps that it reads. Out: an alert, or the end of the session, once for each
//! breach of a limit.
//!
//! A breach begins with the first value beyond the limit and ends with the first that is back by
//! the hysteresis (a Schmitt trigger: O. H. Schmitt, A thermionic trigger, 1938). It is acted upon
//! once, when it has lasted `hold_ms` and the value is beyond the limit; then not again until it
//! has ended. Time is counted in frames of the stream. Each source and each channel has breaches
//! of its own. Readings without a value count for nothing.

#![deny(unsafe_code)]

mod episode;
mod rule;

use rule::{Bounds, Limit, Rule};
use segue_plugin::decision::ACTIONS_MAX;
use segue_plugin::prelude::*;

/// Where limits in dB are off: no reading gets there.
const OFF_DB: f64 = 200.0;
/// Where a limit of a count is off.
const OFF_COUNT: f64 = 1e9;
/// Where a limit of a reading of any unit is off.
const OFF: f64 = 1e12;
/// The longest name of a reading, in bytes: that of a manifest.
const READING_BYTES_MAX: u32 = 64;

/// What is done about a breach.
#[derive(Clone, Copy, Debug, PartialEq, Choices)]
enum Action {
    Alert,
    Stop,
}

/// Alerts, or ends the session, when a reading passes its limit and stays there.
#[derive(Params)]
struct Threshold {
    /// The highest true peak, of the reading `true_peak_dbtp`. 200 is off.
    #[param(unit = "dBTP", range = -200.0..=OFF_DB, default = OFF_DB)]
    peak_max_dbtp: f64,
    /// The highest loudness over 3 s, of the reading `short_term_lufs`. 200 is off.
    #[param(unit = "LUFS", range = -200.0..=OFF_DB, default = OFF_DB)]
    loudness_max_lufs: f64,
    /// The least loudness over 3 s, of the reading `short_term_lufs`: dead air. -200 is off.
    #[param(unit = "LUFS", range = -OFF_DB..=200.0, default = -OFF_DB)]
    loudness_min_lufs: f64,
    /// The most clipped samples of a channel at a time, of the feature `clipped_samples`.
    /// 1,000,000,000 is off.
    #[param(unit = "samples", range = 0.0..=OFF_COUNT, default = OFF_COUNT)]
    clipped_max: f64,
    /// The greatest value of the reading that the setting `reading` names, in its unit.
    /// 1,000,000,000,000 is off.
    #[param(range = -OFF..=OFF, default = OFF)]
    above: f64,
    /// The least value of the reading that the setting `reading` names, in its unit.
    /// -1,000,000,000,000 is off.
    #[param(range = -OFF..=OFF, default = -OFF)]
    below: f64,
    /// How far peaks and loudness have to come back until a breach is over.
    #[param(unit = "dB", range = 0.0..=100.0, default = 1.0)]
    hysteresis_db: f64,
    /// How far the reading that `reading` names has to come back until a breach is over, in its
    /// unit.
    #[param(range = 0.0..=OFF, default = 0.0)]
    hysteresis: f64,
    /// How long a breach has to last until something is done, in stream time.
    #[param(unit = "ms", range = 0.0..=3_600_000.0, default = 0.0)]
    hold_ms: f64,
    /// What is done: people are told, or the session ends in order.
    #[param(default = Action::Alert)]
    action: Action,

    /// What the setting `reading` names; empty for nothing.
    reading: String,
    rules: Vec<Rule>,
    sample_rate_hz: u32,
}

impl DecisionEngine for Threshold {
    const SETTINGS: &'static [SettingDecl] = &[SettingDecl {
        id: "reading",
        doc: "The id of any reading or feature of a tap that it reads, for `above` and `below`.",
        value: SettingKind::Text {
            bytes_max: READING_BYTES_MAX,
        },
        need: Need::Optional,
    }];

    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let reading = setup.text("reading").unwrap_or_default().to_owned();
        Ok(Self {
            reading,
            ..Self::with_defaults()
        })
    }

    fn activate(&mut self, activation: &Activation<'_>) -> Result<(), Refusal> {
        self.check_limits()?;
        let rule = |limit| Rule::new(limit, &self.reading, activation);
        let rules: Vec<_> = Limit::ALL.map(rule).into();
        let missing = |rule: &&Rule| rule.is_blind() && self.is_on(rule.limit);
        if let Some(rule) = rules.iter().find(missing) {
            return Err(no_reading(rule, activation));
        }
        self.rules = rules;
        self.sample_rate_hz = activation.sample_rate_hz();
        Ok(())
    }

    fn deactivate(&mut self) {
        self.rules = Vec::new();
    }

    fn decide(
        &mut self,
        observation: &Observation<'_>,
        actions: &mut Actions<'_>,
    ) -> Result<(), Fault> {
        let mut rules = std::mem::take(&mut self.rules);
        let mut due = Vec::new();
        for rule in &mut rules {
            self.tell_missing(rule, &mut due);
            self.watch(rule, observation, &mut due);
        }
        self.rules = rules;
        for reason in due {
            match self.action {
                Action::Alert => actions.alert(reason),
                Action::Stop => actions.stop(reason),
            }
        }
        Ok(())
    }

    fn reset(&mut self) {
        self.rules.iter_mut().for_each(Rule::reset);
    }
}

impl Threshold {
    /// The value of a limit.
    fn value(&self, limit: Limit) -> f64 {
        match limit {
            Limit::PeakMax => self.peak_max_dbtp,
            Limit::LoudnessMax => self.loudness_max_lufs,
            Limit::LoudnessMin => self.loudness_min_lufs,
            Limit::ClippedMax => self.clipped_max,
            Limit::Above => self.above,
            Limit::Below => self.below,
        }
    }

    fn is_on(&self, limit: Limit) -> bool {
        let off = match limit {
            Limit::PeakMax | Limit::LoudnessMax => OFF_DB,
            Limit::LoudnessMin => -OFF_DB,
            Limit::ClippedMax => OFF_COUNT,
            Limit::Above => OFF,
            Limit::Below => -OFF,
        };
        self.value(limit) != off
    }

    /// What a limit comes to at the moment.
    fn bounds(&self, limit: Limit) -> Bounds {
        let hysteresis = match limit {
            Limit::PeakMax | Limit::LoudnessMax | Limit::LoudnessMin => self.hysteresis_db,
            Limit::ClippedMax => 0.0,
            Limit::Above | Limit::Below => self.hysteresis,
        };
        let hold_frames = self.hold_ms * f64::from(self.sample_rate_hz) / 1000.0;
        Bounds {
            limit: self.is_on(limit).then_some(self.value(limit)),
            hysteresis,
            hold_frames: hold_frames.round() as u64,
        }
    }

    /// Limits that contradict each other, or that are there by halves.
    fn check_limits(&self) -> Result<(), Refusal> {
        for (low, high) in [
            (Limit::LoudnessMin, Limit::LoudnessMax),
            (Limit::Below, Limit::Above),
        ] {
            if self.is_on(low) && self.is_on(high) && self.value(low) > self.value(high) {
                return Err(Refusal::new(format!(
                    "{} = {} is over {} = {}: every value would breach one of them",
                    low.param(),
                    self.value(low),
                    high.param(),
                    self.value(high)
                )));
            }
        }
        let general = self.is_on(Limit::Above) || self.is_on(Limit::Below);
        match (self.reading.is_empty(), general) {
            (true, true) => Err(Refusal::new(
                "above and below need the setting reading, the id of what they bound",
            )),
            (false, false) => Err(Refusal::new(format!(
                "the setting reading names {} without a limit, expected above or below",
                self.reading
            ))),
            (true, false) | (false, true) => Ok(()),
        }
    }

    /// Says once that a limit was set while running which no source has a reading for.
    fn tell_missing(&self, rule: &mut Rule, due: &mut Vec<String>) {
        let missing = rule.is_blind() && self.is_on(rule.limit);
        if missing && !rule.told_missing && due.len() < ACTIONS_MAX {
            due.push(format!(
                "{} was set, but {}",
                rule.limit.param(),
                wanted(rule)
            ));
            rule.told_missing = true;
        }
        rule.told_missing &= missing;
    }

    /// Takes one rule through all readings since the last decision.
    fn watch(&self, rule: &mut Rule, observation: &Observation<'_>, due: &mut Vec<String>) {
        let bounds = self.bounds(rule.limit);
        observation
            .readings()
            .for_each(|at| rule.learn_channels(&at));
        for at in observation.readings() {
            let sentence = rule.observe(&at, &bounds);
            // Beyond what a host takes at once, a breach waits for the next value.
            if let (Some(sentence), true) = (sentence, due.len() < ACTIONS_MAX) {
                rule.acted(&at);
                due.push(sentence);
            }
        }
    }
}

fn wanted(rule: &Rule) -> String {
    if rule.reading.is_empty() {
        "the setting reading names nothing".to_owned()
    } else {
        format!("no source has a reading {}", rule.reading)
    }
}

/// The refusal of a rule whose reading nobody has, with what there is.
fn no_reading(rule: &Rule, activation: &Activation<'_>) -> Refusal {
    let has = |source: Source<'_>| {
        let readings: Vec<_> = source.readings().collect();
        format!("{} has {}", source.id(), readings.join(", "))
    };
    let sources: Vec<_> = activation.sources().map(has).collect();
    let there_is = if sources.is_empty() {
        "it reads no tap".to_owned()
    } else {
        sources.join("; ")
    };
    let (limit, wanted) = (rule.limit.param(), wanted(rule));
    Refusal::new(format!("{limit} is set, but {wanted}: {there_is}"))
}

export! { id: "segue.rules", name: "Rules", components: [Threshold as "threshold"] }

#[cfg(test)]
mod tests;
