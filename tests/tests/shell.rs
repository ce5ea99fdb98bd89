//! What a shell gets of the command line: completions and man pages.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::process::Command;

use segue_tests::desk::{Desk, answer};

/// Every command of this program, as `segue --help` lists them.
fn commands(desk: &Desk) -> Vec<String> {
    let help = desk.segue(["--help"]).expect(0).text();
    let from = help.split("Commands:").nth(1).unwrap();
    let lines = from.lines().skip(1).take_while(|line| !line.is_empty());
    // A description that goes on in the next line is indented further than a name.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<_> = names
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect();
    assert!(
        names.len() >= 8 && names.contains(&"run".to_owned()),
        "{help}"
    );
    names
}

#[test]
fn completions_of_every_shell_name_every_command() {
    let desk = Desk::new();
    let commands = commands(&desk);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = desk.segue(["completions", shell]).expect(0).text();
        for name in &commands {
            assert!(
                script.contains(name.as_str()),
                "{shell} does not know {name}"
            );
        }
    }
    let wrong = desk.segue(["completions", "tcl"]).expect(2);
    assert!(wrong.err.contains("possible values"), "{}", wrong.err);
}

#[test]
fn bash_can_read_its_completions() {
    let desk = Desk::new();
    let script = desk.segue(["completions", "bash"]).expect(0);
    if Command::new("bash").arg("--version").output().is_err() {
        return; // There is no bash here to ask.
    }
    let _ = answer(Command::new("bash").arg("-n"), &script.out).expect(0);
    // It completes: `segue comp` becomes `completions`.
    let ask = "COMP_WORDS=(segue comp); COMP_CWORD=1; _segue segue comp segue; \
               echo \"${COMPREPLY[@]}\"";
    let whole = [script.out.as_slice(), ask.as_bytes()].concat();
    let completed = answer(&mut Command::new("bash"), &whole).expect(0);
    assert_eq!(completed.text().trim(), "completions", "{}", completed.err);
}

#[test]
fn every_command_has_a_man_page() {
    let desk = Desk::new();
    let commands = commands(&desk);
    let _ = desk.segue(["man", "share/man1"]).expect(0);
    let folder = desk.path("share/man1");
    for name in &commands {
        let page = std::fs::read_to_string(folder.join(format!("segue-{name}.1"))).unwrap();
        assert!(page.contains(".TH"), "{page}");
    }
    let first = std::fs::read_to_string(folder.join("segue.1")).unwrap();
    for name in &commands {
        assert!(first.contains(name.as_str()), "{name}\n{first}");
    }
    let pages = std::fs::read_dir(&folder).unwrap();
    let pages = pages.map(|page| page.unwrap().file_name().into_string().unwrap());
    let (of_ctl, others): (Vec<_>, Vec<_>) = pages.partition(|page| page.starts_with("segue-ctl-"));
    assert_eq!(others.len(), commands.len() + 1, "{others:?}");
    for word in ["swap", "reload", "status"] {
        assert!(
            of_ctl.contains(&format!("segue-ctl-{word}.1")),
            "{of_ctl:?}"
        );
    }
    // Written again they are the same, and a file in the place of the folder is told.
    let _ = desk.segue(["man", "share/man1"]).expect(0);
    desk.write("file", "");
    let failed = desk.segue(["man", "file"]).expect(1);
    assert!(
        failed.err.contains("man pages cannot be written to file"),
        "{}",
        failed.err
    );
}
