//! Refusals: plugins that are not opened, and what an operator is told about them.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::path::Path;

use segue_tests::build::{executable, reference, test_plugin};
use segue_tests::desk::{Desk, answer};
use serde_json::Value;

/// A text with all space between its words made one.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The file of a list for programs that lies there.
fn file<'a>(list: &'a Value, path: &Path) -> &'a Value {
    let files = list["files"].as_array().unwrap().iter();
    let mut found = files.filter(|file| file["path"] == path.to_str().unwrap());
    found
        .next()
        .unwrap_or_else(|| panic!("{} is not in {list}", path.display()))
}

#[test]
fn a_plugin_that_fails_its_probe_is_listed_with_reason_evidence_and_what_to_do() {
    let desk = Desk::new();
    desk.install([test_plugin("dies-on-open")]);
    segue_tests::wav::write(&desk.path("in.wav"), 48_000, &[vec![0.0; 100]]);
    let run = desk.segue(["run", "in.wav", "--stage", "test.dies-on-open"]);
    let verdicts = desk.path("cache/segue/verdicts");
    let again = format!("or after `rm {}`", verdicts.display());
    let run = run.expect(3);
    assert!(words(&run.err).contains(&again), "{}", run.err);
    let reason = "its probe crashed (SIGABRT, it aborted) while opening test.dies-on-open";
    // Without `--why` a file is not read for it: one that was written just now is not known yet.
    let list = desk.segue(["list", "--why"]).expect(0).text();
    let said = words(&list);
    assert!(said.contains("refused "), "{list}");
    assert!(said.contains(reason) && said.contains(&again), "{list}");
    let path = desk
        .path("plugins")
        .join(test_plugin("dies-on-open").file_name().unwrap());
    let list = desk.segue(["list", "--json", "--why"]).expect(0).json();
    assert_eq!(file(&list, &path)["refused"]["reason"], reason);
    std::fs::remove_file(verdicts).unwrap();
    let list = desk.segue(["list", "--json", "--why"]).expect(0).json();
    assert_eq!(file(&list, &path)["refused"], Value::Null);
}

#[test]
fn an_id_of_the_hosts_own_in_a_strangers_folder_is_incompatible() {
    let desk = Desk::new();
    let gain = reference().file("segue-gain");
    desk.install([gain]);
    let copy = desk.path("plugins").join(gain.file_name().unwrap());
    let list = desk.segue(["list", "--json"]).expect(0).json();
    let refused = file(&list, &copy);
    assert_eq!(refused["class"], "incompatible");
    let reason = refused["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("ids under `segue.` are held"),
        "{reason}"
    );
    let paths = |list: &Value| {
        let components = list["components"].as_array().unwrap().iter();
        let gain = components.filter(|one| one["plugin"] == "segue.gain");
        gain.map(|one| one["path"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(&list), [gain.to_str().unwrap()]);
    // The host's own folder is its own by whatever way it is reached.
    let link = desk.path("link");
    std::os::unix::fs::symlink(executable().parent().unwrap(), &link).unwrap();
    let mut command = desk.command(["list", "--json", "--plugin-path"]);
    let list = answer(command.arg(&link), &[]).expect(0).json();
    let through = link.join(gain.file_name().unwrap());
    assert_eq!(paths(&list), [through.to_str().unwrap()]);
}

#[test]
fn a_run_takes_no_strangers_plugin_of_the_hosts_own_id() {
    let desk = Desk::new();
    desk.install([reference().file("segue-gain")]);
    segue_tests::wav::write(&desk.path("in.wav"), 48_000, &[vec![0.0; 100]]);
    let alone = desk.path("segue");
    std::fs::copy(executable(), &alone).unwrap();
    let arguments = ["run", "in.wav", "--stage", "segue.gain"];
    let run = answer(&mut desk.command_of(&alone, arguments), &[]).expect(3);
    let said = words(&run.err);
    assert!(
        said.contains("ids under `segue.` are held for the host's own plugins"),
        "{said}"
    );
    // Beside the executable it is the host's own.
    let own = desk.path("own");
    std::fs::create_dir(&own).unwrap();
    for file in [executable(), reference().file("segue-gain")] {
        std::fs::copy(file, own.join(file.file_name().unwrap())).unwrap();
    }
    let _ = answer(&mut desk.command_of(&own.join("segue"), arguments), &[]).expect(0);
}
