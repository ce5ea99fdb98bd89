//! Settle: what a change comes to in the end: what is true from then on, and its receipts.
//!
//! In: jobs whose pieces have come to their ends. Out: the cast and the configurations as they are
//! now, receipts for the report, the audience and whoever asked.

use crate::observe::{Cause, Event as Told, Receipt, Seam, StepTime, Takeover, seam};
use crate::pipeline::{SwapDone, TakenOver};
use crate::session::changes::job::{Job, Phase, Piece};
use crate::session::changes::wish::reply;
use crate::session::changes::{Changes, Context, RECEIPTS_FIRST, RECEIPTS_NEWEST};
use crate::swap::ask::Answer;
use crate::swap::table::{Event, State};

/// Frames on either side of a seam that tell what steps the signal makes by itself.
const MARGIN_FRAMES: usize = 2_048;

/// Frames behind a seam that are waited for before it is measured.
const BEHIND_FRAMES: u64 = 256;

impl Changes {
    /// Ends a job all of whose pieces are over; answers whether it was.
    pub(super) fn settle(&mut self, job: &mut Job, context: &mut Context<'_>) -> bool {
        let is_over = job.pieces.iter().all(|piece| piece.state.is_over());
        if !is_over || !job.is_back || self.waits_for_margin(job) {
            return false;
        }
        self.conclude(job, context);
        true
    }

    /// What is under way when the session ends came to nothing, or nearly to its end.
    pub(super) fn end_jobs(&mut self, context: &mut Context<'_>) {
        for mut job in std::mem::take(&mut self.jobs) {
            match std::mem::replace(&mut job.phase, Phase::Sent) {
                Phase::Sent => {
                    for piece in &mut job.pieces {
                        if piece.done.is_none() {
                            piece
                                .fault
                                .get_or_insert("the session ended first".to_owned());
                        }
                        piece.state = piece.state.after(Event::Ended).state;
                    }
                    self.conclude(&mut job, context);
                }
                Phase::Preparing(_) | Phase::Migrating(_) => {
                    self.refuse_job(&mut job, "the session ended first");
                }
                Phase::Waiting(ready) => {
                    for prepared in ready.prepared {
                        self.restarts.end(prepared.occupant.processor);
                    }
                    self.refuse_job(&mut job, "the session ended first");
                }
            }
        }
        for wish in std::mem::take(&mut self.wishes) {
            let (command, at) = (&wish.command, wish.asked_at_frames);
            self.refuse_unbegun(
                command,
                wish.cause,
                wish.answer,
                at,
                "the session ended first",
            );
        }
    }

    /// A job that was not sent.
    pub(super) fn refuse_job(&mut self, job: &mut Job, why: &str) {
        let stages = match &job.claims {
            super::job::Claims::Stages(stages) => stages.clone(),
            super::job::Claims::Everything => vec!["*".into()],
        };
        for stage in stages {
            let at = job.asked_at_frames;
            let receipt = Receipt {
                verdict: "refused".to_owned(),
                state: State::Aborted.name().to_owned(),
                reasons: why.lines().map(str::to_owned).collect(),
                steps: job.steps.clone(),
                ..self.receipt(
                    job.number,
                    stage.to_string(),
                    job.action,
                    job.cause.clone(),
                    at,
                )
            };
            self.file(receipt);
        }
        reply(job.answer.take(), Answer::Refused(why.to_owned()));
    }

    /// Whether the signal behind a seam is still to come.
    fn waits_for_margin(&self, job: &Job) -> bool {
        if self.is_closed {
            return false;
        }
        job.pieces.iter().any(|piece| {
            let history = self.setup.histories.get(piece.number).cloned().flatten();
            match (history, &piece.done) {
                (Some(history), Some(done)) => {
                    history.output_frames() < done.done_at_output_frames + BEHIND_FRAMES
                }
                _ => false,
            }
        })
    }

    /// Writes receipts, and makes true what the change was for.
    fn conclude(&mut self, job: &mut Job, context: &mut Context<'_>) {
        let mut receipts = std::mem::take(&mut job.further);
        for receipt in &mut receipts {
            receipt.done_at_frames = receipt.done_at_frames.or(job.over_at_frames);
        }
        let is_done = job.pieces.iter().all(|piece| piece.done.is_some());
        let pieces = std::mem::take(&mut job.pieces);
        for piece in &pieces {
            receipts.push(self.piece_receipt(job, piece, context));
        }
        let mut events = Vec::new();
        for piece in pieces {
            if let (Some(_), Some(mut member)) = (&piece.done, piece.member) {
                if let Some(retuned) = self.late(&member, job) {
                    let own = retuned
                        .events
                        .into_iter()
                        .map(|event| (piece.number, event));
                    events.extend(own);
                    member.recipe.bound.params = retuned.params;
                }
                self.recast(piece.number, member);
            }
        }
        self.send_events(events, context);
        self.cast.refresh();
        self.forget(&std::mem::take(&mut job.removed));
        if is_done {
            self.land(&mut job.landing);
            self.renew_policies();
        }
        for receipt in &receipts {
            self.tell(receipt, context);
        }
        reply(job.answer.take(), Answer::Changed(receipts));
    }

    fn tell(&mut self, receipt: &Receipt, context: &Context<'_>) {
        context.events.event(Told::Changed {
            receipt: Box::new(receipt.clone()),
        });
        self.keep(receipt.clone());
    }

    /// Keeps a receipt, and tells of it.
    pub(super) fn file(&mut self, receipt: Receipt) {
        self.setup.events.event(Told::Changed {
            receipt: Box::new(receipt.clone()),
        });
        self.keep(receipt);
    }

    fn keep(&mut self, receipt: Receipt) {
        if self.receipts.len() == RECEIPTS_FIRST + RECEIPTS_NEWEST {
            self.receipts.remove(RECEIPTS_FIRST);
            self.receipts_left_out += 1;
        }
        self.receipts.push_back(receipt);
    }

    /// A receipt of something of which nothing more is known yet.
    pub(super) fn receipt(
        &self,
        change: u64,
        stage: String,
        action: &str,
        cause: Cause,
        asked_at_frames: u64,
    ) -> Receipt {
        Receipt {
            change,
            stage,
            action: action.to_owned(),
            cause,
            verdict: "done".to_owned(),
            state: State::Retired.name().to_owned(),
            asked_at_frames,
            ..Receipt::default()
        }
    }

    fn piece_receipt(&self, job: &Job, piece: &Piece, context: &Context<'_>) -> Receipt {
        let stage = context.engine.stage(piece.number);
        let is_done = piece.done.is_some();
        let mut reasons: Vec<_> = piece.fault.iter().cloned().collect();
        if let Some(done) = &piece.done
            && let Some(fault) = done.old_fault
        {
            let at = fault.position_frames;
            reasons.push(format!(
                "the old instance failed at frame {at} while both were heard"
            ));
        }
        reasons.extend(piece.notes.iter().chain(&job.notes).cloned());
        let mut steps = job.steps.clone();
        steps.extend(piece.steps.iter().cloned());
        steps.push(StepTime {
            step: "exchange".to_owned(),
            took_ns: job.exchange_ns,
        });
        let at = job.asked_at_frames;
        let member = piece.member.as_ref();
        let metered =
            member.is_none_or(|member| member.bound().heap == segue_plugin::declare::Heap::Metered);
        Receipt {
            verdict: if is_done { "done" } else { "aborted" }.to_owned(),
            reasons,
            state: piece.state.name().to_owned(),
            old: piece.old.clone(),
            new: piece.new.clone(),
            heard_at_frames: piece.done.map(|done| done.heard_at_frames),
            done_at_frames: piece.done.map(|done| done.done_at_frames),
            steps,
            takeover: piece.done.map(|done| takeover(&done, piece)),
            alignment: piece.alignment,
            frames_in: stage.map_or(0, |stage| stage.frames_in()),
            frames_out: stage.map_or(0, |stage| stage.frames_out()),
            seam: piece.done.and_then(|done| self.seam(piece.number, &done)),
            heap_calls: stage
                .filter(|_| metered)
                .map(|stage| stage.heap_calls().saturating_sub(piece.heap_calls)),
            late_blocks: context.late_blocks.saturating_sub(job.late_blocks),
            ..self.receipt(
                job.number,
                piece.stage.to_string(),
                job.action,
                job.cause.clone(),
                at,
            )
        }
    }

    /// How far the place where old and new met stands out, as far as it is still known.
    fn seam(&self, number: usize, done: &SwapDone) -> Option<Seam> {
        let history = self.setup.histories.get(number)?.as_ref()?;
        let heard = done.heard_at_output_frames;
        let end = done.done_at_output_frames.max(heard);
        let from = heard.saturating_sub(MARGIN_FRAMES as u64);
        let frames = (end - from) as usize + MARGIN_FRAMES;
        let past = history.read_output(from, frames)?;
        let channels: Vec<_> = (0..past.output.channels())
            .map(|channel| &past.output.channel(channel)[..past.frames])
            .collect();
        let start = usize::try_from(heard.checked_sub(past.from_frames)?).ok()?;
        let range = start..start + (end - heard) as usize;
        seam(&channels, &range, MARGIN_FRAMES)
    }
}

fn takeover(done: &SwapDone, piece: &Piece) -> Takeover {
    let refused = done.refused.map(|refused| refused.describe());
    let why = refused
        .or_else(|| piece.why_no_handoff.clone())
        .unwrap_or_default();
    match done.takeover {
        TakenOver::Handoff { bytes, took_ns } => Takeover::Handoff {
            bytes: bytes as u64,
            took_ns,
        },
        TakenOver::Fade {
            frames,
            shadow_frames,
        } => Takeover::Fade {
            frames,
            primed_frames: piece.primed_frames + shadow_frames,
            why,
        },
        TakenOver::Ring { frames, .. } => Takeover::Fade {
            frames,
            primed_frames: 0,
            why: format!("{why}; the old one's tail was heard to its end"),
        },
    }
}
