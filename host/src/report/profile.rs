//! Profile: where the time of a run went, for people: a table of stages, the slowest blocks, and
//! how the times of each stage are distributed.
//!
//! Pure. Times stand in one unit, so that they can be compared at a glance.

use crate::config::render::Color;
use crate::escape;
use crate::observe::{RunReport, SlowCall, StageReport, TimeReport};
use crate::report::figures::{NONE, bytes, duration, percent, significant, stream_time};
use crate::report::stages::{heap, marks};
use crate::report::table::{CellSide, draw};
use crate::report::{estimate, failures, summary};

/// Times are in µs.
const HEADER: [(&str, CellSide); 9] = [
    ("stage", CellSide::Left),
    ("p50", CellSide::Right),
    ("p99", CellSide::Right),
    ("max", CellSide::Right),
    ("mean", CellSide::Right),
    ("ns/frame", CellSide::Right),
    ("share", CellSide::Right),
    ("× real", CellSide::Right),
    ("heap", CellSide::Right),
];

const SLOWEST: [(&str, CellSide); 4] = [
    ("slowest blocks", CellSide::Left),
    ("at", CellSide::Right),
    ("frame", CellSide::Right),
    ("took", CellSide::Right),
];

/// How many of the slowest blocks are shown; the report for programs has those of each stage.
const SLOWEST_MAX: usize = 8;

/// What stands in the place of a stage's id for what is none: no id has parentheses.
const HOST: &str = "(host)";

/// As `HOST`, for all together.
const ALL: &str = "(all)";

/// The longest bar of a histogram, in characters.
const BAR_COLUMNS_MAX: usize = 40;

/// What a line of a histogram takes beside its bar.
const BAR_MARGIN: usize = 32;

/// The profile, within so many columns (80 at least).
#[must_use]
pub fn text(report: &RunReport, color: Color, columns: usize) -> String {
    let parts = [
        table(report, color, columns),
        slowest(report, color, columns),
        failures::text(report, color, columns),
        summary::remarks(report, color, columns),
        estimate::line(report, columns) + &summary::line(report, columns),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

fn table(report: &RunReport, color: Color, columns: usize) -> String {
    let mut rows: Vec<_> = report.stages.iter().map(stage).collect();
    rows.push(row(HOST, &report.processing.host, NONE.to_owned()));
    rows.push(all(report));
    let mut text = draw(&HEADER, &rows, color, columns);
    let total_ns = report.processing.total_ns;
    let outside_ns = report.stream.elapsed_ns.saturating_sub(total_ns);
    text.push_str(&format!(
        "times in µs per block of {} frames; share of the time of processing\n\
         {} of {} went into reading and waiting for taps, outside of processing\n",
        report.stream.block_frames,
        duration(outside_ns),
        duration(report.stream.elapsed_ns),
    ));
    text.push_str(&marks(report));
    text
}

fn stage(stage: &StageReport) -> Vec<String> {
    row(&stage.id, &stage.time, heap(stage))
}

fn row(id: &str, time: &TimeReport, heap: String) -> Vec<String> {
    if time.blocks_timed == 0 {
        let none = (2..HEADER.len()).map(|_| NONE.to_owned());
        let mut row = vec![id.to_owned()];
        row.extend(none);
        row.push(heap);
        return row;
    }
    vec![
        id.to_owned(),
        micro(time.p50_ns as f64),
        micro(time.p99_ns as f64),
        micro(time.max_ns as f64),
        micro(time.mean_ns),
        significant(time.ns_per_frame),
        percent(time.share_of_processing),
        times_real(1.0, time.share_of_real_time),
        heap,
    ]
}

/// What all stages and the host took together.
fn all(report: &RunReport) -> Vec<String> {
    let (processing, stream) = (&report.processing, &report.stream);
    let total_ns = processing.total_ns as f64;
    let rate = f64::from(stream.sample_rate_hz.max(1));
    let frames = processing.frames.max(1) as f64;
    let held = report.stages.iter().filter_map(|stage| stage.heap);
    let held: i64 = held.map(|heap| heap.held_bytes).sum();
    vec![
        ALL.to_owned(),
        NONE.to_owned(),
        NONE.to_owned(),
        NONE.to_owned(),
        micro(total_ns / stream.blocks.max(1) as f64),
        significant(total_ns / frames),
        percent(if total_ns > 0.0 { 1.0 } else { 0.0 }),
        times_real(frames / rate * 1e9, total_ns),
        bytes(held),
    ]
}

/// Nanoseconds as microseconds: three digits that mean something.
fn micro(nanoseconds: f64) -> String {
    match nanoseconds / 1e3 {
        value if value < 0.0995 => format!("{value:.3}"),
        value => significant(value),
    }
}

/// How often one goes into the other.
fn times_real(stream: f64, took: f64) -> String {
    match stream / took {
        times if times.is_finite() => significant(times),
        _ => NONE.to_owned(),
    }
}

/// The slowest blocks of all stages; empty where none was timed.
fn slowest(report: &RunReport, color: Color, columns: usize) -> String {
    let of = |stage: &StageReport| {
        let calls = stage.time.slowest.clone().into_iter();
        let id = stage.id.clone();
        calls.map(move |call| (id.clone(), call))
    };
    let mut calls: Vec<(String, SlowCall)> = report.stages.iter().flat_map(of).collect();
    calls.sort_by_key(|(_, call)| std::cmp::Reverse(call.took_ns));
    calls.truncate(SLOWEST_MAX);
    if calls.is_empty() {
        return String::new();
    }
    let rate = report.stream.sample_rate_hz;
    let row = |(id, call): (String, SlowCall)| {
        vec![
            id,
            stream_time(call.position_frames, rate),
            call.position_frames.to_string(),
            duration(call.took_ns),
        ]
    };
    let rows: Vec<_> = calls.into_iter().map(row).collect();
    draw(&SLOWEST, &rows, color, columns)
}

/// How the times of each stage and of the host are distributed: a line for each doubling.
#[must_use]
pub fn histograms(report: &RunReport, columns: usize) -> String {
    let stages = report.stages.iter();
    let stages = stages.map(|stage| (stage.id.as_str(), &stage.time));
    let all = stages.chain([(HOST, &report.processing.host)]);
    let drawn = all.map(|(id, time)| histogram(id, time, columns));
    drawn.collect::<Vec<_>>().join("\n")
}

fn histogram(id: &str, time: &TimeReport, columns: usize) -> String {
    let mut text = format!("{}: {} blocks\n", escape::line(id), time.blocks_timed);
    let doublings = doublings(&time.histogram);
    let most = doublings.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let width = columns.saturating_sub(BAR_MARGIN).min(BAR_COLUMNS_MAX);
    for (up_to_ns, count) in doublings {
        let length = (count as f64 / most.max(1) as f64 * width as f64).round() as usize;
        let bar = match (count, length) {
            (1.., 0) => "▏".to_owned(),
            _ => "█".repeat(length),
        };
        let up_to = duration(up_to_ns);
        let line = format!("  up to {up_to:>8}  {count:>10}  {bar}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Buckets joined to doublings, with those that are empty between them.
fn doublings(buckets: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let exponent = |up_to_ns: u64| {
        up_to_ns
            .max(1)
            .checked_next_power_of_two()
            .map_or(63, u64::ilog2)
    };
    let (Some(first), Some(last)) = (buckets.first(), buckets.last()) else {
        return Vec::new();
    };
    let lines = exponent(first.0)..=exponent(last.0);
    let count = |line: u32| -> u64 {
        let within = buckets.iter().filter(|(up_to, _)| exponent(*up_to) == line);
        within.map(|(_, count)| count).sum()
    };
    lines.map(|line| (1 << line, count(line))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_call_is_in_one_line_and_lines_double(
            mut buckets in prop::collection::vec((0u64..1 << 41, 1u64..1000), 0..40)
        ) {
            buckets.sort_unstable();
            let lines = doublings(&buckets);
            let sum = |all: &[(u64, u64)]| all.iter().map(|(_, count)| count).sum::<u64>();
            prop_assert_eq!(sum(&lines), sum(&buckets));
            prop_assert!(lines.windows(2).all(|pair| pair[1].0 == pair[0].0 * 2));
            if let (Some(first), Some(last)) = (lines.first(), lines.last()) {
                prop_assert!(first.1 > 0 && last.1 > 0);
                let longest = buckets[buckets.len() - 1].0.max(1);
                prop_assert!(last.0 >= longest && last.0 < longest * 2);
            }
        }
    }

    #[test]
    fn microseconds_have_three_digits() {
        let check = |nanoseconds, expected: &str| assert_eq!(micro(nanoseconds), expected);
        check(0.0, "0.000");
        check(23.4, "0.023");
        check(812.0, "0.81");
        check(13_240.0, "13.2");
        check(926_800.0, "927");
        check(1_234_567.0, "1235");
    }
}
