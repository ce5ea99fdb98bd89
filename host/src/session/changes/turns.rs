//! Turns: what the engine left in its rings, and whom it concerns.
//!
//! In: turns and departures. Out: jobs moved on, stages that failed told to their restarts,
//! instances ended away from the audio thread.

use crate::pipeline::{Change, Departure, SwapDone, TakenOver, Turn, TurnKind};
use crate::session::changes::job::Piece;
use crate::session::changes::{Changes, Context};
use crate::swap::table::Event;

impl Changes {
    /// Empties the rings.
    pub(super) fn collect(&mut self, context: &mut Context<'_>) {
        let at = context.position_frames;
        let (mut left, mut of_restarts) = (Vec::new(), Vec::new());
        while let Ok(departure) = context.rings.departures.pop() {
            match departure {
                Departure::Trial { stage, trial } => left.push((stage, trial)),
                Departure::Change(change) => self.came_back(*change, context),
            }
        }
        while let Ok(turn) = context.rings.turns.pop() {
            let fault = || {
                let trial = left.iter().find(|(stage, _)| *stage == turn.stage);
                trial.and_then(|(_, trial)| trial.describe_fault())
            };
            let text = match turn.kind {
                TurnKind::TrialFailed(_) => fault().map(|(_, text)| text),
                _ => None,
            };
            // A swap that is sent waits in the ring while a restart's instance is on trial.
            let ends = matches!(turn.kind, TurnKind::TrialFailed(_) | TurnKind::Returned);
            if ends && self.restarts.is_on_trial(turn.stage) {
                of_restarts.push(turn.stage);
                self.restarts.turn(turn, text, context);
                continue;
            }
            self.turn(turn, text, context);
        }
        for (stage, trial) in left {
            match of_restarts.iter().position(|other| *other == stage) {
                Some(one) => drop(of_restarts.swap_remove(one)),
                None => {
                    if let Some(piece) = self.piece(stage) {
                        piece.after(Event::Returned, at);
                    }
                }
            }
            self.restarts.end(trial.into_processor());
        }
    }

    /// The stage's piece of a job that the engine has.
    fn piece(&mut self, number: usize) -> Option<&mut Piece> {
        let mut pieces = self.jobs.iter_mut().flat_map(|job| &mut job.pieces);
        pieces.find(|piece| piece.number == number && !piece.state.is_over())
    }

    fn turn(&mut self, turn: Turn, text: Option<String>, context: &mut Context<'_>) {
        let at = turn.position_frames;
        let Some(piece) = self.piece(turn.stage) else {
            self.restarts.turn(turn, text, context);
            return;
        };
        let step = |piece: &mut Piece, event| piece.after(event, at);
        match turn.kind {
            TurnKind::Failed(_) => {
                step(piece, Event::OldFailed);
                self.restarts.turn(turn, text, context);
            }
            TurnKind::FallbackFailed(_) => self.restarts.turn(turn, text, context),
            TurnKind::TrialFailed(fault) => {
                step(piece, Event::CandidateFailed);
                let text = text.unwrap_or_else(|| fault.kind.name().to_owned());
                let heard = piece.done.is_some();
                piece.fault.get_or_insert(format!(
                    "the new instance failed at frame {at}{}: {text}",
                    if heard {
                        ""
                    } else {
                        " before it was heard alone"
                    }
                ));
            }
            TurnKind::FadeBegan => step(piece, Event::FadeBegan),
            TurnKind::Swapped(done) => {
                step(piece, event_of(&done));
                piece.done = Some(done);
                self.restarts.swapped(turn.stage, at);
            }
            TurnKind::Returned => {
                step(piece, Event::FadeBegan);
                step(piece, Event::FadeOver);
                self.restarts.swapped(turn.stage, at);
            }
            TurnKind::Reversed => {
                step(piece, Event::FadedBack);
                piece.fault.get_or_insert("it was called back".to_owned());
            }
            TurnKind::RingOver => {}
        }
    }

    /// A change is over, or was taken at once.
    fn came_back(&mut self, change: Change, context: &Context<'_>) {
        let job = self.jobs.iter_mut().find(|job| job.number == change.number);
        if let Some(job) = job {
            job.is_back = true;
            job.over_at_frames = change.over_at_frames.or(Some(context.position_frames));
            job.exchange_ns = change.exchange_ns;
            let applied = change.applied_at_frames.unwrap_or(context.position_frames);
            for piece in &mut job.pieces {
                piece.after(Event::ShadowBegan, applied);
            }
        }
        for processor in change.into_processors() {
            self.restarts.end(processor);
        }
    }
}

/// Which step of the table it is that an instance took over.
const fn event_of(done: &SwapDone) -> Event {
    match done.takeover {
        TakenOver::Handoff { .. } => Event::HandedOver,
        TakenOver::Fade { .. } | TakenOver::Ring { .. } => Event::FadeOver,
    }
}
