//! Welcome: what to do next, for somebody who typed `segue`.

use std::path::Path;

use crate::cli::exit::Exit;
use crate::cli::shell::Shell;
use crate::config::find::find;

/// Says what to do next.
pub(super) fn welcome(shell: &Shell) -> Exit {
    let found = find(&shell.environment.configuration(None)).ok();
    let text = text(found.as_ref().map(|found| found.path.as_path()));
    shell.terminal.print(&text);
    Exit::Done
}

fn text(configuration: Option<&Path>) -> String {
    let first = match configuration {
        Some(path) => format!(
            "  segue run            run {}\n  segue check          look for mistakes in it\n",
            path.display()
        ),
        None => "  segue init           write a commented plugins.toml to start from\n".to_owned(),
    };
    format!(
        "Segue {}, an audio plugin host\n\n{first}  \
         segue list           see which plugins there are\n  \
         segue run in.wav out.wav --stage 'segue.gain gain_db=-6'\n                       \
         run a chain without a file\n  \
         segue --help         everything else\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_depends_on_whether_there_is_a_configuration() {
        let version = env!("CARGO_PKG_VERSION");
        let rest = "  segue list           see which plugins there are\n  \
            segue run in.wav out.wav --stage 'segue.gain gain_db=-6'\n                       \
            run a chain without a file\n  segue --help         everything else\n";
        assert_eq!(
            text(None),
            format!(
                "Segue {version}, an audio plugin host\n\n  \
                 segue init           write a commented plugins.toml to start from\n{rest}"
            )
        );
        assert_eq!(
            text(Some(Path::new("plugins.toml"))),
            format!(
                "Segue {version}, an audio plugin host\n\n  \
                 segue run            run plugins.toml\n  \
                 segue check          look for mistakes in it\n{rest}"
            )
        );
    }
}
