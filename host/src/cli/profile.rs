//! Profile: a pipeline with the clock on every block, from the command line to a table.
//!
//! In: arguments, a configuration or a chain, an input or none. Out: where the time went; no audio.

use std::sync::Arc;

use segue_media::io::Stop;

use crate::cli::arguments::{LogFormat, Profile, Run};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::progress::ProgressSink;
use crate::cli::records;
use crate::cli::run::meaning::{configuration, input, open};
use crate::cli::shell::Shell;
use crate::cli::signals;
use crate::cli::terminal::{clear_bar, say};
use crate::config::model::{Config, StreamPort};
use crate::observe::{EventSink, RunReport};
use crate::report;
use crate::session::{
    self, CallWatch, Company, Ended, Input, NonFinite, Outcome, Pace, Request, StreamPart, Timed,
};

/// What reports call the signal that is made where there is no input.
const GENERATED: &str = "generated signal";

/// How long that signal is, in seconds, where nobody says.
const SECONDS: f64 = 10.0;

/// Measures what the command line says.
///
/// # Errors
/// Why it did not start, or did not come to its end.
pub(super) fn profile(shell: &Shell, arguments: &Profile) -> Result<Exit, Failure> {
    let run = arguments.as_run();
    let config = configuration(shell, &run)?;
    let input = measured(arguments, &run, &config)?;
    let stop = signals::listen()?;
    let events: Arc<dyn EventSink> = Arc::new(ProgressSink::new(shell.terminal));
    let plugins = open(shell, &run, &config, &events)?;
    let outcome = session::run(Request {
        config: Arc::new(config),
        plugins,
        content: None,
        input,
        output: None,
        company: Company::Alone,
        pace: Pace::Fast,
        timed: Timed::EveryBlock,
        non_finite: NonFinite::Clean,
        events,
        stop: Stop::when(stop),
        born: shell.born,
        requests: None,
        timeline: Vec::new(),
        reread: None,
        applied: None,
        watch: CallWatch::default(),
    });
    clear_bar();
    tell(shell, arguments, outcome)
}

/// What is read: what the command line or the configuration names, or a signal that is made.
fn measured(arguments: &Profile, run: &Run, config: &Config) -> Result<Input, Failure> {
    let configured = config.stream.input.as_ref();
    let has_file = configured.is_some_and(|port| matches!(port.value, StreamPort::File(_)));
    if arguments.input.is_none() && !has_file {
        return Ok(Input {
            path: GENERATED.into(),
            raw: None,
            part: StreamPart::Generated(arguments.seconds.unwrap_or(SECONDS)),
        });
    }
    Ok(Input {
        part: arguments
            .seconds
            .map_or(StreamPart::Whole, StreamPart::Beginning),
        ..input(run, config)?
    })
}

/// Shows what was found, and says how it went.
fn tell(shell: &Shell, arguments: &Profile, outcome: Outcome) -> Result<Exit, Failure> {
    if let Some(report) = &outcome.report {
        shell.terminal.print(&shown(shell, arguments, report));
    }
    Ok(match (outcome.result?, &outcome.report) {
        (Ended::Interrupted(signal), _) => {
            let text = format!("stopped by {}", signals::name(signal));
            match shell.terminal.log {
                LogFormat::Text => say(&format!("{text}\n")),
                LogFormat::Json => records::lines(&text),
            }
            Exit::Signal(signal)
        }
        (Ended::ByDecision(_), _) => Exit::Degraded,
        (Ended::OnRequest, _) => Exit::Done,
        (Ended::Complete, Some(report)) if !report.degraded.is_empty() => Exit::Degraded,
        (Ended::Complete, _) => Exit::Done,
    })
}

fn shown(shell: &Shell, arguments: &Profile, report: &RunReport) -> String {
    let out = &shell.terminal.out;
    if arguments.json {
        return report::json(report);
    }
    let text = report::profile::text(report, out.color, out.width);
    match arguments.histogram {
        true => format!("{}\n{text}", report::profile::histograms(report, out.width)),
        false => text,
    }
}
