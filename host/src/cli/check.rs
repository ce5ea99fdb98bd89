//! Check: what is wrong with a configuration, all of it at once.
//!
//! In: a configuration, and the manifests of the plugins that it names. Out: every mistake with
//! its place, or what was checked. Nothing is opened or run.

mod json;
mod layouts;

use std::borrow::Cow;
use std::path::Path;

use crate::cli::Shell;
use crate::cli::arguments::{Check, Search};
use crate::cli::configuration;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::search;
use crate::cli::terminal::say;
use crate::cli::text::count;
use crate::config;
use crate::config::help;
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::model::Config;
use crate::config::schema::schema;
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
    let findings = match config::read(&path, &overrides) {
        Err(mistakes) => Findings::of(mistakes),
        Ok(config) if arguments.resolved => {
            shell.terminal.print(&config.resolved());
            return Ok(Exit::Done);
        }
        Ok(config) if arguments.syntax => Findings::of(config.mistakes()).checked(&config),
        Ok(config) => against_plugins(shell, &arguments.search, &config),
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

/// Holds a configuration against what is there.
fn against_plugins(shell: &Shell, arguments: &Search, config: &Config) -> Findings {
    let whole = config;
    let plan = search::plan(shell, arguments, Some(config));
    let catalogue = Catalogue::of(search::scan(shell, &plan));
    let mut findings = Findings::of(config.mistakes()).checked(config);
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
    match bind(config, &choices) {
        Err(mistakes) => findings.mistakes = mistakes,
        Ok(bindings) if findings.conflict.is_none() => {
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
        say(&findings
            .mistakes
            .render(terminal.err.color, terminal.err.width));
    }
    if let Some(conflict) = findings.conflict {
        if !findings.mistakes.is_empty() {
            say("\n");
        }
        Failure::from(conflict).tell(terminal);
    }
    if exit == Exit::Done {
        terminal.print(&format!(
            "{}: no mistakes in {}\n",
            path.display(),
            findings.checked
        ));
    }
    Ok(exit)
}
