//! Cli: the command line, from arguments to an exit code.
//!
//! In: arguments and environment of the process. Out: words for people and data for programs;
//! audio, where a command makes some. The only module that prints.
//!
//! Data goes to standard output; progress, events and errors go to standard error. The process
//! ends without running the destructors of foreign libraries, after everything was written.

mod admission;
mod arguments;
mod chain;
mod check;
mod completions;
mod configuration;
mod ctl;
mod end;
mod environment;
mod exit;
mod failure;
mod graph;
mod init;
mod inspect;
mod later;
mod list;
mod log;
mod man;
mod offered;
mod out;
mod printed;
mod profile;
mod progress;
mod records;
mod run;
mod search;
mod shell;
mod signals;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod welcome;

use std::ffi::OsString;
use std::panic;
use std::time::Instant;

use clap::Parser;

use crate::cli::arguments::{Arguments, Command};
use crate::cli::environment::Environment;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::shell::{HELPER, Shell};
use crate::cli::terminal::{Amount, Terminal};
use crate::process::start;

/// Does what the command line says and ends the process. Thread: main.
pub fn main(born: Instant) -> ! {
    // A panic has told its story when it gets here; the end of the process is the same as ever,
    // so that no destructor of a library that was opened runs.
    let answer = panic::catch_unwind(|| answer(born));
    end::end(answer.unwrap_or(Exit::Failed))
}

fn answer(born: Instant) -> Exit {
    start::remember();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == HELPER) {
        return admission::serve(&arguments[2..]);
    }
    let arguments = match Arguments::try_parse_from(&arguments) {
        Ok(arguments) => arguments,
        Err(error) => return later::explain(&error),
    };
    let environment = Environment::of_process();
    let global = &arguments.global;
    let amount = Amount::of(global.quiet, global.verbose);
    let shell = Shell {
        terminal: Terminal::new(&environment, amount, global.log),
        environment,
        born,
    };
    let ended = log::start(&shell).and_then(|()| dispatch(&shell, arguments.command));
    ended.unwrap_or_else(|failure| failure.tell(&shell.terminal))
}

fn dispatch(shell: &Shell, command: Option<Command>) -> Result<Exit, Failure> {
    match command {
        None => Ok(welcome::welcome(shell)),
        Some(Command::Run(arguments)) => run::run(shell, &arguments),
        Some(Command::List(arguments)) => list::list(shell, &arguments),
        Some(Command::Inspect(arguments)) => inspect::inspect(shell, &arguments),
        Some(Command::Check(arguments)) => check::check(shell, &arguments),
        Some(Command::Graph(arguments)) => graph::graph(shell, &arguments),
        Some(Command::Profile(arguments)) => profile::profile(shell, &arguments),
        Some(Command::Ctl(arguments)) => ctl::ctl(shell, &arguments),
        Some(Command::Init(arguments)) => init::init(shell, &arguments),
        Some(Command::Completions(arguments)) => Ok(completions::completions(shell, &arguments)),
        Some(Command::Man(arguments)) => man::man(shell, &arguments),
    }
}
