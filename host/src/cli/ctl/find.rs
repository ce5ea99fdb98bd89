//! Find: which session is meant.
//!
//! In: the folders of sockets, and `--session`. Out: one socket, or who there is to choose from.

use std::path::PathBuf;

use crate::cli::environment::Environment;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::shell::Shell;
use crate::cli::text::{clean, clean_path};
use crate::config::nearest::did_you_mean;
use crate::control::{Found, sessions};

/// The folder of Segue's sockets in the folder for what lives as long as a login.
const NAME: &str = "segue";

/// The same in the folder of what concerns this machine.
const IN_STATE: &str = "control";

/// Where sockets are, the folder for new ones first.
pub(in crate::cli) fn folders(environment: &Environment) -> Vec<PathBuf> {
    let runtime = environment.runtime().map(|folder| folder.join(NAME));
    let state = environment.state().join(IN_STATE);
    runtime.into_iter().chain([state]).collect()
}

/// The socket of the session that is meant.
pub(super) fn find(shell: &Shell, wanted: Option<&str>) -> Result<PathBuf, Failure> {
    let folders = folders(&shell.environment);
    match wanted {
        Some(path) if path.contains('/') => Ok(PathBuf::from(path)),
        wanted => choose(&sessions(&folders), wanted, &folders),
    }
}

fn choose(found: &[Found], wanted: Option<&str>, folders: &[PathBuf]) -> Result<PathBuf, Failure> {
    let Some(wanted) = wanted else {
        return match found {
            [] => Err(nobody(folders)),
            [one] => Ok(one.path.clone()),
            _ => {
                let count = found.len();
                let message = format!("{count} sessions run, expected --session to say which");
                Err(Failure::new(Exit::Misused, message).help(list(found)))
            }
        };
    };
    if let Some(session) = found.iter().find(|session| session.name == wanted) {
        return Ok(session.path.clone());
    }
    let message = format!("no session is called `{wanted}`");
    let names = found.iter().map(|session| session.name.as_str());
    let failure = Failure::new(Exit::Plugin, message);
    Err(match (found.is_empty(), did_you_mean(wanted, names)) {
        (true, _) => failure.help("no session runs"),
        (false, Some(help)) => failure.help(help),
        (false, None) => failure.help(list(found)),
    })
}

fn nobody(folders: &[PathBuf]) -> Failure {
    let searched: Vec<_> = folders.iter().map(|folder| clean_path(folder)).collect();
    let searched = searched.join(" and ");
    Failure::new(
        Exit::Plugin,
        format!("no session runs: none has a socket in {searched}"),
    )
    .help("start one with `segue run`; another user's sessions are asked as that user")
}

/// Who there is.
fn list(found: &[Found]) -> String {
    let each = found.iter().map(|session| match &session.greeting {
        Some(greeting) => {
            let (pid, config) = (greeting.pid, &greeting.config);
            format!("{} (pid {pid}, {config})", session.name)
        }
        None => format!("{} (does not answer)", session.name),
    });
    clean(&each.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::protocol::Greeting;

    fn session(name: &str) -> Found {
        Found {
            name: name.to_owned(),
            path: PathBuf::from(format!("/run/{name}.sock")),
            greeting: Some(Greeting {
                segue: "1.2.0".to_owned(),
                protocol: 1,
                session: name.to_owned(),
                pid: 7,
                config: format!("{name}.toml"),
                sample_rate_hz: 48_000,
            }),
        }
    }

    fn check(names: &[&str], wanted: Option<&str>, expected: Result<&str, (Exit, &str)>) {
        let found: Vec<_> = names.iter().map(|name| session(name)).collect();
        let chosen = choose(&found, wanted, &[PathBuf::from("/run/segue")]);
        let chosen = chosen.map_err(|failure| (failure.exit(), failure.sentence()));
        let expected = expected
            .map(PathBuf::from)
            .map_err(|(exit, text)| (exit, text.to_owned()));
        assert_eq!(chosen, expected);
    }

    #[test]
    fn the_only_session_is_meant_and_of_several_the_one_that_is_named() {
        check(&["voice"], None, Ok("/run/voice.sock"));
        check(&["music", "voice"], Some("voice"), Ok("/run/voice.sock"));
        let several = "2 sessions run, expected --session to say which";
        check(&["music", "voice"], None, Err((Exit::Misused, several)));
        let none = "no session is called `vioce`";
        check(
            &["music", "voice"],
            Some("vioce"),
            Err((Exit::Plugin, none)),
        );
        let none = "no session runs: none has a socket in /run/segue";
        check(&[], None, Err((Exit::Plugin, none)));
    }

    #[test]
    fn who_there_is_is_listed_with_process_and_file() {
        let mut silent = session("tape");
        silent.greeting = None;
        assert_eq!(
            list(&[session("voice"), silent]),
            "voice (pid 7, voice.toml), tape (does not answer)"
        );
    }
}
