//! Check: what is wrong with a configuration, all of it at once.
//!
//! In: a configuration, and the manifests of the plugins that it names. Out: every mistake with
//! its place, or what was checked. Nothing is opened or run.

mod json;
mod layouts;
mod outside;

use std::borrow::Cow;
use std::path::Path;

use crate::cli::arguments::{Check, LogFormat, Search};
use crate::cli::configuration;
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, tell_mistakes};
use crate::cli::search;
use crate::cli::shell::Shell;
use crate::cli::terminal::say;
use crate::cli::text::count;
use crate::config::help;
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::model::Config;
use crate::config::schema::schema;
use crate::config::{self, Legible};
use crate::resolve::Conflict;
use crate::session::{self, Bindings, Catalogue, Choice, bind};

/// Checks a configuration, or explains one.
///
/// # Errors
/// When it has mistakes, or the plugins it names cannot be had together.
pub(super) fn check(shell: &Shell, arguments: &Check) -> Result<Exit, Failure> {
    if let Some(key) = &arguments.explain {
        let text = help::explain(key).map_err(|error| Failure::of(Exit::Misused, &error))?;
        shell.terminal.print(&text);
        return Ok(Exit::Done);
    }
    if arguments.schema {
        shell.terminal.print(&format!("{:#}\n", schema()));
        return Ok(Exit::Done);
    }
    let path = configuration::path(shell, arguments.file.as_deref())?;
    let overrides = configuration::overrides(Vec::new());
    let Legible { mistakes, config } = config::read_legible(&path, &overrides);
    let is_whole = !mistakes.has_errors();
    let findings = match config {
        Some(config) if is_whole && arguments.resolved => {
            shell.terminal.print(&config.resolved());
            return Ok(Exit::Done);
        }
        Some(config) if is_whole && arguments.syntax => Findings::of(mistakes).checked(&config),
        Some(config) if !arguments.syntax && !arguments.resolved => {
            // What is meant is looked at beside how it is written, so that one mistake hides none.
            let mut findings = against_plugins(shell, &arguments.search, &config, &mistakes);
            findings.mistakes.extend(mistakes);
            findings
        }
        _ => Findings::of(mistakes),
    };
    tell(shell, arguments, &path, findings)
}

/// What was found.
struct Findings {
    mistakes: Mistakes,
    conflict: Option<Conflict>,
    /// What was looked at, for a person.
    checked: String,
}

impl Findings {
    fn of(mistakes: Mistakes) -> Self {
        Self {
            mistakes,
            conflict: None,
            checked: String::new(),
        }
    }

    fn checked(mut self, config: &Config) -> Self {
        let parts = [
            count(config.stages.len(), "stage"),
            count(config.taps.len(), "tap"),
            count(config.decides.len(), "decision"),
        ];
        self.checked = parts.join(", ");
        self
    }
}

/// Holds a configuration against what is there; `form` is what is wrong with how it is written, and
/// then only what is whole in it is held against anything.
fn against_plugins(
    shell: &Shell,
    arguments: &Search,
    config: &Config,
    form: &Mistakes,
) -> Findings {
    let whole = config;
    let plan = search::plan(shell, arguments, Some(config));
    let catalogue = Catalogue::of(search::scan(shell, &plan));
    let mut findings = Findings::of(config.mistakes()).checked(config);
    let rate_hz = outside::sample_rate_hz(config, &mut findings.mistakes);
    outside::check(config, &catalogue, &mut findings.mistakes);
    if !form.has_errors() {
        outside::empty(config, &mut findings.mistakes);
    }
    let mut held = Cow::Borrowed(config);
    let choices = match session::choose(&catalogue, config) {
        Ok((choices, without)) => {
            held = without.map_or(held, Cow::Owned);
            choices
        }
        Err(conflict) => {
            findings.conflict = Some(conflict);
            // What can be had is checked all the same, so that everything is said at once.
            search::newest(&catalogue.scan)
        }
    };
    let config = &*held;
    match bind(config, &choices, rate_hz) {
        Err(mistakes) => findings.mistakes.extend(mistakes),
        Ok(bindings) if findings.conflict.is_none() && !form.has_errors() => {
            layouts::check(config, &bindings, &mut findings.mistakes);
            findings.checked.push_str(&plugins(&bindings, &choices));
        }
        Ok(_) => {}
    }
    left_out(whole, config, &mut findings.mistakes);
    findings
}

/// Tells of optional stages that a run would go without.
fn left_out(whole: &Config, config: &Config, mistakes: &mut Mistakes) {
    for gone in &config.left_out {
        let span = whole
            .stage(&gone.id)
            .map_or(whole.stream.convert.span, |stage| stage.id.span);
        let text = format!("stage `{}` would be left out: {}", gone.id, gone.reason);
        let mistake = Mistake::new(span, text).label("its input would be passed on");
        mistakes.push(mistake.warning());
    }
}

fn plugins(bindings: &Bindings, choices: &[Choice]) -> String {
    let parts = [&bindings.stages, &bindings.taps, &bindings.decides];
    let params: usize = parts
        .into_iter()
        .flatten()
        .map(|bound| bound.params.len())
        .sum();
    format!(
        ", {} of {}",
        count(params, "parameter"),
        count(choices.len(), "plugin")
    )
}

fn tell(
    shell: &Shell,
    arguments: &Check,
    path: &Path,
    findings: Findings,
) -> Result<Exit, Failure> {
    let refused = match arguments.strict {
        true => !findings.mistakes.is_empty(),
        false => findings.mistakes.has_errors(),
    };
    let exit = match (refused, &findings.conflict) {
        (true, _) => Exit::Misused,
        (false, Some(_)) => Exit::Plugin,
        (false, None) => Exit::Done,
    };
    let terminal = &shell.terminal;
    if arguments.json {
        terminal.print(&json::text(path, &findings, exit));
        return Ok(exit);
    }
    if !findings.mistakes.is_empty() {
        tell_mistakes(&findings.mistakes, terminal);
    }
    if let Some(conflict) = findings.conflict {
        if !findings.mistakes.is_empty() && terminal.log == LogFormat::Text {
            say("\n");
        }
        Failure::from(conflict).tell(terminal);
    }
    if exit == Exit::Done {
        let verdict = verdict(&findings.mistakes);
        let (path, checked) = (path.display(), findings.checked);
        terminal.print(&format!("{path}: {verdict} in {checked}\n"));
    }
    Ok(exit)
}

/// What is said of a file without errors.
fn verdict(mistakes: &Mistakes) -> String {
    match mistakes.len() {
        0 => "no mistakes".to_owned(),
        warnings => format!("no errors, {}", count(warnings, "warning")),
    }
}
