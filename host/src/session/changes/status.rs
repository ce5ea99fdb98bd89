//! Status: how the session is, for who asks.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::observe::{StageStatus, Status};
use crate::pipeline::{Progress, StageState};
use crate::session::candidate::{Standing, generations};
use crate::session::cast::{Heard, Member, address};
use crate::session::changes::{Changes, Context};
use crate::session::run::Pace;

/// How many of the newest receipts are shown.
const RECEIPTS_SHOWN: usize = 16;

impl Changes {
    /// How the session is now.
    pub(super) fn status(&self, context: &Context<'_>) -> Status {
        let config = &self.running.config;
        let name = config.pipeline.name.as_ref().map(|name| name.value.clone());
        let source = config.sources().get(crate::config::source::SourceId::FILE);
        let standing: Vec<_> = self
            .cast
            .members()
            .map(|(_, member)| Standing {
                stage: member.id.to_string(),
                component: address(member.bound()),
                runs: (member.heard == Heard::Processed).then(|| member.runs()),
            })
            .collect();
        let shown = self.receipts.len().saturating_sub(RECEIPTS_SHOWN);
        Status {
            session: name.unwrap_or_else(|| self.setup.input.clone()),
            config: source.name.to_string(),
            state: match (self.is_closed, self.is_paused) {
                (true, _) => "ending",
                (false, true) => "paused",
                (false, false) => "running",
            }
            .to_owned(),
            pace: match self.setup.pace {
                Pace::Fast => "fast",
                Pace::RealTime => "realtime",
            }
            .to_owned(),
            position_frames: context.position_frames,
            frames: self.setup.frames,
            sample_rate_hz: self.setup.sample_rate_hz,
            latency_frames: context.engine.latency_frames(),
            reserve_frames: self.reserve_frames(),
            late_blocks: context.late_blocks,
            stages: self
                .cast
                .members()
                .map(|(number, member)| self.stage_status(number, member, context))
                .collect(),
            overrides: self.running.overrides.status(),
            receipts: self.receipts.iter().skip(shown).cloned().collect(),
            generations: generations(&standing),
        }
    }

    /// What of the total is in no stage's latency: how much later stages may become, live.
    pub(super) fn reserve_frames(&self) -> u64 {
        let graph = &self.cast.laid.graph;
        let needed = crate::pipeline::Plan::of(&graph.network);
        let needed = needed.map_or(0, |plan| plan.latency_frames);
        self.cast.laid.latency_frames.saturating_sub(needed)
    }

    fn stage_status(&self, number: usize, member: &Member, context: &Context<'_>) -> StageStatus {
        let stage = context.engine.stage(number);
        let bound = member.bound();
        let state = match (
            stage.map(|stage| (stage.progress(), stage.state())),
            member.heard,
        ) {
            (Some((Some(Progress::Shadow), _)), _) => "shadow",
            (Some((Some(Progress::Fading | Progress::Reversing), _)), _) => "fading",
            (Some((_, StageState::Out(_))), _) => "out",
            (_, Heard::Bypassed) => "bypassed",
            (Some((Some(Progress::Ringing) | None, StageState::Running)), Heard::Processed)
            | (None, Heard::Processed) => "heard",
        };
        let value = |index: u32, default: f64| {
            let mut params = bound.params.iter();
            let found = params.find(|(own, _)| *own == index);
            found.map_or(default, |(_, value)| *value)
        };
        let params = bound.component.params();
        let outputs = bound.component.outputs.iter();
        let values = stage.map_or(&[][..], |stage| stage.output_values());
        let job = self.jobs.iter().find(|job| match &job.claims {
            super::job::Claims::Stages(stages) => stages.contains(&member.id),
            super::job::Claims::Everything => true,
        });
        StageStatus {
            id: member.id.to_string(),
            component: bound.address(),
            version: bound.version.to_string(),
            state: state.to_owned(),
            latency_frames: self.place_latency_frames(number).unwrap_or(0),
            params: params
                .map(|flat| (flat.id, value(flat.index, flat.param.default)))
                .collect(),
            outputs: outputs
                .zip(values)
                .filter(|(_, value)| value.is_finite())
                .map(|(declared, value)| (declared.id.clone(), *value))
                .collect(),
            rollback: member.before.as_ref().and_then(|before| {
                let at_hand = before.until_frames >= context.position_frames;
                at_hand.then(|| match &before.found {
                    Some(found) => {
                        let usage = found.runs.generation.usage();
                        format!("{} {}", found.component, usage.version)
                    }
                    None => "bypass".to_owned(),
                })
            }),
            pending: job.map(|job| job.action.to_owned()),
        }
    }
}

/// The time as people write it down: RFC 3339 in UTC, to the second.
pub(super) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The date of a day since 1970, in the Gregorian calendar: Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms", civil_from_days.
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_since_1970_are_dates() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(date(20_777), (2026, 11, 20));
        assert_eq!(date(47_540), (2100, 2, 28));
        assert_eq!(date(47_541), (2100, 3, 1));
    }
}
