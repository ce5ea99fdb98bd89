//! Ctl: asks a running session for something, from the command line to the exit code.
//!
//! In: arguments, the folders where sessions have their sockets. Out: the session's answer, as
//! tables or as it came; its events, line by line.

pub(super) mod arguments;
mod events;
mod find;
mod status;
mod table;
#[cfg(test)]
mod tests;
mod waits;
mod wish;

use crate::cli::ctl::arguments::Ctl;
use crate::cli::ctl::find::find;
use crate::cli::ctl::table::table;
use crate::cli::ctl::waits::Wait;
use crate::cli::ctl::wish::order;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::shell::Shell;
use crate::cli::terminal::Look;
use crate::cli::text::{clean, one_line};
use crate::control::protocol::{Order, Problem, ProblemKind, Reply};
use crate::control::{Client, ControlError};
use crate::observe::PlannedEdit;
use crate::report::receipt;

pub(super) use find::folders;

/// Asks what the command line says.
///
/// # Errors
/// Why nobody was asked, or it was not done.
pub(super) fn ctl(shell: &Shell, arguments: &Ctl) -> Result<Exit, Failure> {
    let order = order(&arguments.what).map_err(|why| Failure::new(Exit::Misused, why))?;
    let path = find(shell, arguments.session.as_deref())?;
    let mut client = Client::connect(&path).map_err(|error| failed(&error))?;
    let why = arguments.why.as_deref().unwrap_or_default();
    let wait = Wait::begin(shell, &order, &path);
    let reply = client.ask(&order, why).map_err(|error| failed(&error));
    drop(wait);
    let reply = reply?;
    match (&order, reply.error.is_none()) {
        (Order::Events, true) => match arguments.json {
            true => events::pass_on(shell, &mut client),
            false => events::tell(shell, &mut client),
        },
        _ if arguments.json => {
            shell.terminal.print(&format!("{}\n", reply.line()));
            Ok(reply.error.map_or(Exit::Done, |problem| exit(problem.kind)))
        }
        _ => tell(shell, &order, reply, &client),
    }
}

/// Shows an answer to people.
fn tell(shell: &Shell, order: &Order, reply: Reply, client: &Client) -> Result<Exit, Failure> {
    let look = &shell.terminal.out;
    if let Some(status) = &reply.status {
        shell.terminal.print(&status::text(status, look));
    }
    if let Some(receipts) = &reply.receipts {
        let rate = client.greeting().sample_rate_hz;
        for receipt in receipts {
            let text = receipt::text(receipt, look.color, look.width, rate);
            shell.terminal.print(&text);
        }
    }
    if let Some(plan) = &reply.plan {
        shell.terminal.print(&planned(plan, look));
    }
    if let Some(text) = &reply.text {
        shell.terminal.print(&clean(&format!("{text}\n")));
    }
    match reply.error {
        None => Ok(Exit::Done),
        Some(problem) => Err(refused(order, &problem)),
    }
}

/// What a reload would do, as a table.
fn planned(plan: &[PlannedEdit], look: &Look) -> String {
    if plan.is_empty() {
        return "nothing would change\n".to_owned();
    }
    let rows = plan.iter().map(|edit| {
        let (action, cost) = (edit.action.to_string(), edit.cost.to_string());
        vec![one_line(&edit.stage), action, one_line(&edit.what), cost]
    });
    table(&["stage", "action", "what", "cost"], rows.collect(), look)
}

fn refused(order: &Order, problem: &Problem) -> Failure {
    // A drawn mistake begins as every failure does.
    let text = problem.text.trim_end();
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let failure = Failure::new(exit(problem.kind), text);
    match (problem.kind, order) {
        (ProblemKind::UnknownCommand, _) => {
            failure.help("the session is of an older Segue, which does not know this yet")
        }
        _ => failure,
    }
}

/// The exit code of what was not done.
const fn exit(kind: ProblemKind) -> Exit {
    match kind {
        ProblemKind::Refused => Exit::Plugin,
        ProblemKind::Misused | ProblemKind::Malformed | ProblemKind::UnknownCommand => {
            Exit::Misused
        }
        ProblemKind::Busy
        | ProblemKind::Aborted
        | ProblemKind::Ended
        | ProblemKind::Forbidden
        | ProblemKind::Other => Exit::Failed,
    }
}

fn failed(error: &ControlError) -> Failure {
    let exit = match error {
        ControlError::Gone { .. } => Exit::Plugin,
        _ => Exit::Failed,
    };
    Failure::of(exit, error)
}
