//! Wish: what the command line asks for, as the session is asked for it.
//!
//! Pure.

use crate::cli::ctl::arguments::{CtlCommand, SwapArguments};
use crate::control::protocol::Order;
use crate::control::{component, requirement};
use crate::id::{PluginId, StageId};
use crate::swap::ask::{self, Command, HeardSignal, Insert, Target};

/// What is asked for.
///
/// # Errors
/// A sentence about the word that cannot be read.
pub(super) fn order(asking: &CtlCommand) -> Result<Order, String> {
    Ok(Order::Ask(match asking {
        CtlCommand::Events => return Ok(Order::Events),
        CtlCommand::Status => Command::Status,
        CtlCommand::Swap(arguments) => Command::Swap(swap(arguments)?),
        CtlCommand::Set(arguments) => Command::Set {
            stage: stage(&arguments.stage)?,
            param: arguments.param.clone(),
            value: arguments.value.clone(),
        },
        CtlCommand::Bypass(arguments) => Command::Bypass {
            stage: stage(&arguments.stage)?,
            way: match arguments.off {
                true => HeardSignal::Processed,
                false => HeardSignal::Bypassed,
            },
        },
        CtlCommand::Reload(arguments) => {
            let insert = match arguments.insert {
                true => Insert::Allowed,
                false => Insert::Refused,
            };
            Command::Reload(match arguments.dry_run {
                true => ask::Reload::DryRun(insert),
                false => ask::Reload::Apply(insert),
            })
        }
        CtlCommand::Rollback(arguments) => Command::Rollback {
            stage: stage(&arguments.stage)?,
        },
        CtlCommand::Reset(arguments) => Command::Reset {
            key: arguments.key.clone().filter(|_| !arguments.all),
        },
        CtlCommand::Save => Command::Save,
        CtlCommand::Pause => Command::Pause,
        CtlCommand::Resume => Command::Resume,
        CtlCommand::Stop => Command::Stop,
    }))
}

fn swap(arguments: &SwapArguments) -> Result<ask::Swap, String> {
    let insert = match arguments.insert {
        true => Insert::Allowed,
        false => Insert::Refused,
    };
    if let Some(plugin) = &arguments.plugin {
        let (id, version) = match plugin.split_once('@') {
            Some((id, version)) => (
                id,
                Some(requirement(version).map_err(|why| why.to_string())?),
            ),
            None => (plugin.as_str(), None),
        };
        let plugin: PluginId = id.parse().map_err(|error| format!("--plugin: {error}"))?;
        return Ok(ask::Swap {
            target: Target::Plugin(plugin),
            component: None,
            versions: version,
            insert,
        });
    }
    let named = arguments.component.as_deref().map(component).transpose();
    let named = named.map_err(|why| why.to_string())?;
    let (component, versions) = named.unwrap_or_default();
    Ok(ask::Swap {
        target: Target::Stage(stage(arguments.stage.as_deref().unwrap_or_default())?),
        component,
        versions,
        insert,
    })
}

fn stage(text: &str) -> Result<StageId, String> {
    text.parse()
        .map_err(|error: crate::id::IdError| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::{Arguments, Command as Words};
    use clap::Parser;

    /// What a command line asks for, as its line on the socket; a mistake begins with `!`.
    fn check(line: &str, expected: &str) {
        let words = ["segue", "ctl"].into_iter().chain(line.split(' '));
        let read = match Arguments::try_parse_from(words).map(|read| read.command) {
            Ok(Some(Words::Ctl(ctl))) => order(&ctl.what),
            Ok(_) => panic!("{line} is another command"),
            Err(error) => Err(error.kind().to_string()),
        };
        let found = match read {
            Ok(order) => crate::control::protocol::written(1, &order, ""),
            Err(why) => format!("!{why}"),
        };
        assert!(found.starts_with(expected), "{line}\n{found}");
    }

    #[test]
    fn every_command_asks_for_what_it_says() {
        check("status --json", r#"{"command":"status","id":1}"#);
        check("swap tube", r#"{"command":"swap","id":1,"stage":"tube"}"#);
        check(
            "swap tube acme.warmth/tube@1.1.0 --insert",
            r#"{"command":"swap","component":"acme.warmth/tube","id":1,"insert":true,"stage":"tube","version":"=1.1.0"}"#,
        );
        check(
            "swap tube @1.1",
            r#"{"command":"swap","id":1,"stage":"tube","version":"^1.1"}"#,
        );
        check(
            "swap --plugin acme.warmth@1.1.0",
            r#"{"command":"swap","id":1,"plugin":"acme.warmth","version":"=1.1.0"}"#,
        );
        check(
            "set tube gain_db -6",
            r#"{"command":"set","id":1,"param":"gain_db","stage":"tube","value":"-6"}"#,
        );
        check(
            "bypass a",
            r#"{"command":"bypass","id":1,"off":false,"stage":"a"}"#,
        );
        check(
            "bypass a --off",
            r#"{"command":"bypass","id":1,"off":true,"stage":"a"}"#,
        );
        check("reload", r#"{"command":"reload","dry_run":false,"id":1}"#);
        check(
            "reload --dry-run",
            r#"{"command":"reload","dry_run":true,"id":1}"#,
        );
        check(
            "reload --insert",
            r#"{"command":"reload","dry_run":false,"id":1,"insert":true}"#,
        );
        check("rollback a", r#"{"command":"rollback","id":1,"stage":"a"}"#);
        check("reset --all", r#"{"command":"reset","id":1,"key":null}"#);
        check(
            "reset a.bypass",
            r#"{"command":"reset","id":1,"key":"a.bypass"}"#,
        );
        for word in ["save", "pause", "resume", "stop", "events"] {
            check(word, &format!(r#"{{"command":"{word}","id":1}}"#));
        }
    }

    #[test]
    fn words_that_cannot_be_are_mistakes() {
        check("swap", "!one or more required arguments");
        check("swap a --plugin b.c", "!an argument cannot be used");
        check("swap tube warmth", "!the plugin id `warmth`");
        check("swap tube acme.warmth@new", "!`new` is no version");
        check("swap --plugin warmth", "!--plugin: the plugin id `warmth`");
        check("bypass Tube", "!the stage id");
        check("reset", "!one or more required arguments");
        check("reset a --all", "!an argument cannot be used");
    }
}
