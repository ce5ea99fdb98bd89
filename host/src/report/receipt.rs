//! Receipt: how a change of the running pipeline went, as people read it.
//!
//! In: a `Receipt`. Out: one line while it runs, a page for who asked, rows of the report. Pure.

mod how;

use crate::config::render::Color;
use crate::escape;
use crate::observe::{Alignment, ChangeVerdict, Identity, Receipt, RunReport, Seam, Takeover};
use crate::report::figures::{bytes, duration, reading, stream_time};
use crate::report::receipt::how::how;
use crate::report::summary::{Remarks, Tone};
use crate::text::wrapped;

/// How many changes the report shows to people, the newest; the report for programs has more.
const CHANGES_MAX: usize = 20;

/// What a receipt calls the whole pipeline, where it is about no single stage.
const ALL: &str = "*";

/// The columns of a page's labels, the gap after them included.
const LABEL_COLUMNS: usize = 12;

/// The narrowest that a page is drawn for, in columns.
const COLUMNS_MIN: usize = 40;

/// How much of a content hash is shown, in characters: enough to tell two files apart.
const HASH_CHARACTERS: usize = 12;

/// One line: `swap: eq segue.filters/eq 1.0.0 -> 1.1.0 at 1.234 s: state handed over (312 B,
/// 400 ns), step 0.9 of the signal's own; ready in 4.10 ms`. Nothing in it can steer a terminal.
#[must_use]
pub fn line(receipt: &Receipt, sample_rate_hz: u32) -> String {
    format!("{}: {}", receipt.action, essence(receipt, sample_rate_hz))
}

/// The same without what was done, for lines that begin with it.
#[must_use]
pub fn essence(receipt: &Receipt, sample_rate_hz: u32) -> String {
    let stage = &receipt.stage;
    let at = place(seen_at(receipt), sample_rate_hz);
    let what = match (stage.as_str(), what(receipt)) {
        (ALL, _) => format!("the pipeline at {at}"),
        (stage, Some(what)) => format!("{stage} {what} at {at}"),
        (stage, None) => format!("{stage} at {at}"),
    };
    let how = how(receipt, sample_rate_hz);
    escape::line(&match how.as_str() {
        "" => what,
        how => format!("{what}: {how}"),
    })
}

/// A page: all that a receipt says, within so many columns (40 at least).
#[must_use]
pub fn text(receipt: &Receipt, color: Color, columns: usize, sample_rate_hz: u32) -> String {
    let at = |frames| place(frames, sample_rate_hz);
    let (number, stage) = (receipt.change, &receipt.stage);
    let head = match stage.as_str() {
        ALL => format!("change {number}: {} of the pipeline", receipt.action),
        stage => format!("change {number}: {} of `{stage}`", receipt.action),
    };
    let mut page = Page::new(&head, color, columns);
    page.entry("verdict", &verdict(receipt, &at));
    let label = match receipt.verdict {
        ChangeVerdict::Done => "note",
        _ => "because",
    };
    if receipt.is_drawn() {
        page.drawn(label, &receipt.reasons);
    } else {
        for reason in &receipt.reasons {
            page.entry(label, reason);
        }
    }
    page.entry("asked", &asked(receipt, &at));
    page.entry("from", &receipt.old.as_ref().map_or(String::new(), full));
    page.entry("to", &receipt.new.as_ref().map_or(String::new(), full));
    let takeover = receipt.takeover.as_ref();
    page.entry("takeover", &takeover.map_or(String::new(), taken_over));
    if receipt.new.is_some() {
        page.entry("latency", &aligned(&receipt.alignment));
        let (frames_in, frames_out) = (receipt.frames_in, receipt.frames_out);
        page.entry("frames", &format!("{frames_in} in, {frames_out} out"));
    }
    page.entry("seam", &receipt.seam.as_ref().map_or(String::new(), seam));
    let steps = receipt.steps.iter();
    let steps = steps.map(|step| format!("{} {}", step.step, duration(step.took_ns)));
    page.entry("steps", &steps.collect::<Vec<_>>().join(", "));
    if receipt.new.is_some() {
        page.entry("thread", &thread(receipt));
    }
    page.text
}

/// The report's lines of changes; empty where there was none.
pub(super) fn list(report: &RunReport, color: Color, columns: usize) -> String {
    let rate = report.stream.sample_rate_hz;
    let remarks = Remarks { color, columns };
    let left_out = report.changes.len().saturating_sub(CHANGES_MAX);
    let mut text = match left_out {
        0 => String::new(),
        1 => "1 change, and then\n".to_owned(),
        left_out => format!("{left_out} changes, and then\n"),
    };
    for receipt in &report.changes[left_out..] {
        let tone = match receipt.verdict {
            ChangeVerdict::Done => Tone::Notice,
            _ => Tone::Warning,
        };
        let line = essence(receipt, rate);
        text.push_str(&remarks.line(receipt.action.as_str(), tone, &line));
    }
    text
}

/// A page under way.
struct Page {
    text: String,
    columns: usize,
}

impl Page {
    fn new(head: &str, color: Color, columns: usize) -> Self {
        let columns = columns.max(COLUMNS_MIN);
        let mut text = String::new();
        for line in lines(head, columns) {
            match color {
                Color::Ansi => text.push_str(&format!("\u{1b}[1m{line}\u{1b}[0m\n")),
                Color::Plain => text.push_str(&format!("{line}\n")),
            }
        }
        Self { text, columns }
    }

    /// Lines as they are: the marks below a text stay where they belong.
    fn drawn(&mut self, label: &str, drawn: &[String]) {
        self.text.push_str(&format!("  {label}\n"));
        for line in drawn {
            let line = format!("    {}", escape::line(line));
            let line: String = line.chars().take(self.columns).collect();
            self.text.push_str(&format!("{}\n", line.trim_end()));
        }
    }

    /// One labelled entry, wrapped; nothing where there is nothing to say.
    fn entry(&mut self, label: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut label = format!("  {label}");
        for line in lines(text, self.columns - LABEL_COLUMNS) {
            self.text
                .push_str(&format!("{label:<LABEL_COLUMNS$}{line}\n"));
            label.clear();
        }
    }
}

/// A text in lines of so many columns, long words broken.
fn lines(text: &str, columns: usize) -> Vec<String> {
    let broken = |line: String| {
        let characters: Vec<char> = line.chars().collect();
        let parts = characters.chunks(columns);
        parts.map(|part| part.iter().collect()).collect::<Vec<_>>()
    };
    let lines = wrapped(&escape::line(text), columns).into_iter();
    lines.flat_map(broken).collect()
}

/// The frame that a reader looks for: where it was heard, else where it was asked for.
fn seen_at(receipt: &Receipt) -> u64 {
    receipt.heard_at_frames.unwrap_or(receipt.asked_at_frames)
}

/// A place in the stream: a time where the rate is known.
fn place(frames: u64, sample_rate_hz: u32) -> String {
    match sample_rate_hz {
        0 => format!("frame {frames}"),
        rate => stream_time(frames, rate),
    }
}

/// What changed into what, as short as it can be said.
fn what(receipt: &Receipt) -> Option<String> {
    let (old, new) = match (&receipt.old, &receipt.new) {
        (Some(old), Some(new)) => (old, new),
        (Some(one), None) | (None, Some(one)) => return Some(named(one)),
        (None, None) => return None,
    };
    let is_same_component = old.component == new.component;
    Some(match is_same_component {
        _ if old == new => named(old),
        true if old.version == new.version => format!("{} in another build", named(old)),
        true => format!("{} -> {}", named(old), new.version),
        false => format!("{} -> {}", named(old), named(new)),
    })
}

fn named(identity: &Identity) -> String {
    let Identity {
        component, version, ..
    } = identity;
    format!("{component} {version}").trim_end().to_owned()
}

fn full(identity: &Identity) -> String {
    let hash: String = identity.sha256.chars().take(HASH_CHARACTERS).collect();
    match hash.as_str() {
        "" => named(identity),
        hash => format!("{} (sha256 {hash}…)", named(identity)),
    }
}

fn size_of(size: u64) -> String {
    bytes(i64::try_from(size).unwrap_or(i64::MAX))
}

fn verdict(receipt: &Receipt, at: &dyn Fn(u64) -> String) -> String {
    let heard = match (receipt.heard_at_frames, receipt.done_at_frames) {
        (Some(heard), Some(done)) if done != heard => format!(
            ", heard from {} (frame {heard}), alone from {} (frame {done})",
            at(heard),
            at(done)
        ),
        (Some(heard), _) => format!(", heard from {} (frame {heard})", at(heard)),
        (None, _) => String::new(),
    };
    format!("{} ({}){heard}", receipt.verdict, receipt.state)
}

fn asked(receipt: &Receipt, at: &dyn Fn(u64) -> String) -> String {
    let frames = receipt.asked_at_frames;
    let who = match &receipt.cause.who {
        who if who.is_nobody() => String::new(),
        who => format!("by {who}, "),
    };
    let why = match receipt.cause.why.as_str() {
        "" => String::new(),
        why => format!(": {why}"),
    };
    format!("{who}at {} (frame {frames}){why}", at(frames))
}

fn taken_over(takeover: &Takeover) -> String {
    match takeover {
        Takeover::Handoff {
            bytes: size,
            took_ns,
        } => format!(
            "state handed over, {} in {}",
            size_of(*size),
            duration(*took_ns)
        ),
        Takeover::Fade {
            frames,
            primed_frames,
            why,
            ..
        } => {
            let fade = match frames {
                0 => "exchanged at once".to_owned(),
                frames => format!("fade of {frames} frames"),
            };
            let primed = match primed_frames {
                0 => "not primed".to_owned(),
                frames => format!("primed with {frames} frames"),
            };
            let why = match why.as_str() {
                "" => String::new(),
                why => format!("; no handoff: {why}"),
            };
            format!("{fade}, {primed}{why}")
        }
    }
}

fn aligned(alignment: &Alignment) -> String {
    let Alignment {
        old_latency_frames: old,
        new_latency_frames: new,
        before_frames,
        after_frames,
        reserve_frames,
        inserted_frames,
    } = alignment;
    let own = match old == new {
        true => format!("own {new} frames as before"),
        false => format!("own {old} -> {new} frames"),
    };
    let place = match before_frames == after_frames {
        true => format!("the stage's {after_frames} as before"),
        false => format!("the stage's {before_frames} -> {after_frames}"),
    };
    let reserve = match reserve_frames {
        0 => String::new(),
        frames => format!(", {frames} out of the reserve"),
    };
    let inserted = match inserted_frames {
        0 => String::new(),
        frames => format!(", {frames} of silence put in"),
    };
    format!("{own}, {place}{reserve}{inserted}")
}

fn seam(seam: &Seam) -> String {
    format!(
        "largest step {}; the signal's own: 99.9 % at most {}, largest {}; {} frames looked at",
        reading(seam.largest_step),
        reading(seam.own_step_p999),
        reading(seam.own_step_max),
        seam.frames
    )
}

/// What the change cost on the audio thread.
fn thread(receipt: &Receipt) -> String {
    let heap = match receipt.heap_calls {
        None => "heap calls not metered".to_owned(),
        Some(1) => "1 heap call".to_owned(),
        Some(calls) => format!("{calls} heap calls"),
    };
    let late = match receipt.late_blocks {
        1 => "1 late block".to_owned(),
        blocks => format!("{blocks} late blocks"),
    };
    format!("{heap}, {late}")
}
