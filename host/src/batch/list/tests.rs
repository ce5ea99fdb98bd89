use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A folder with these files; what ends in `/` is a folder.
fn folder(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        match name.ends_with('/') {
            true => fs::create_dir_all(path).unwrap(),
            false => {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "no audio").unwrap();
            }
        }
    }
    folder
}

fn lists(folder: &TempDir, sources: &[&str], out: &str) -> Result<List, ListError> {
    let sources: Vec<_> = sources
        .iter()
        .map(|name| folder.path().join(name))
        .collect();
    list(&BatchWanted {
        sources: &sources,
        folder: Some(&folder.path().join(out)),
        ending: "wav",
        holds: Holds::Headers,
    })
}

#[track_caller]
fn check(folder: &TempDir, sources: &[&str], out: &str, expected: &[(&str, &str)]) {
    let list = lists(folder, sources, out).unwrap();
    let short = |path: &Path| {
        let path = path.strip_prefix(folder.path()).unwrap_or(path);
        path.to_string_lossy().into_owned()
    };
    let found: Vec<_> = list
        .items
        .iter()
        .map(|item| (short(&item.input), short(item.output.as_ref().unwrap())))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(input, output)| ((*input).to_owned(), (*output).to_owned()))
        .collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn refused(folder: &TempDir, sources: &[&str], out: &str, expected: &str) {
    let error = lists(folder, sources, out).unwrap_err().to_string();
    let root = format!("{}/", folder.path().display());
    assert_eq!(error.replace(&root, ""), expected);
}

#[test]
fn a_folder_is_read_with_its_folders_and_paths_are_kept() {
    let folder = folder(&[
        "in/b.wav",
        "in/a.FLAC",
        "in/x/y/c.mp3",
        "in/notes.txt",
        "in/.h.wav",
    ]);
    let expected = [
        ("in/a.FLAC", "out/a.wav"),
        ("in/b.wav", "out/b.wav"),
        ("in/x/y/c.mp3", "out/x/y/c.wav"),
    ];
    check(&folder, &["in"], "out", &expected);
    assert_eq!(lists(&folder, &["in"], "out").unwrap().left_out, 1);
}

#[test]
fn files_and_patterns_are_taken_as_they_are_named() {
    let folder = folder(&["in/b.wav", "in/a.dat", "in/x/c.wav", "-.wav"]);
    check(
        &folder,
        &["in/*.dat", "-.wav", "in/x"],
        "out",
        &[
            ("in/a.dat", "out/a.dat.wav"),
            ("-.wav", "out/-.wav"),
            ("in/x/c.wav", "out/c.wav"),
        ],
    );
    check(
        &folder,
        &["in/**/*.wav"],
        "out",
        &[("in/b.wav", "out/b.wav"), ("in/x/c.wav", "out/x/c.wav")],
    );
}

#[test]
fn a_file_called_like_a_pattern_is_that_file() {
    let folder = folder(&["a[1].wav", "a1.wav"]);
    check(
        &folder,
        &["a[1].wav"],
        "out",
        &[("a[1].wav", "out/a[1].wav")],
    );
    assert!(!is_many(&folder.path().join("a[1].wav")));
    assert!(is_many(&folder.path().join("a[2].wav")) && is_many(folder.path()));
}

#[test]
fn what_holds_audio_is_found_whatever_its_name() {
    let folder = folder(&["in/notes.txt", "in/empty"]);
    for (name, bytes) in [("take", b"RIFF\0\0\0\0WAVE"), ("text", b"RIFF\0\0\0\0TEXT")] {
        fs::write(folder.path().join("in").join(name), bytes).unwrap();
    }
    check(&folder, &["in"], "out", &[("in/take", "out/take.wav")]);
}

#[test]
fn outputs_are_never_inputs() {
    let folder = folder(&["in/a.wav", "in/out/a.wav", "in/out/b.wav"]);
    check(&folder, &["in"], "in/out", &[("in/a.wav", "in/out/a.wav")]);
    refused(
        &folder,
        &["in"],
        "in",
        "in is one of the inputs, expected another folder for the outputs",
    );
    symlink(folder.path().join("in"), folder.path().join("same")).unwrap();
    let message = "same is one of the inputs, expected another folder for the outputs";
    refused(&folder, &["in"], "same", message);
    refused(
        &folder,
        &["in/a.wav"],
        "in",
        "in/a.wav is one of the inputs, expected another folder for the outputs",
    );
}

#[test]
fn two_inputs_of_one_output_are_refused() {
    let folder = folder(&["in/a.wav", "in/a.flac", "x/a.wav"]);
    refused(
        &folder,
        &["in"],
        "out",
        "in/a.flac and in/a.wav would both become out/a.wav",
    );
    let message = "in/a.wav and x/a.wav would both become out/a.wav";
    refused(&folder, &["in/a.wav", "x"], "out", message);
}

#[test]
fn loops_of_links_end_and_nothing_is_read_twice() {
    let folder = folder(&["in/x/a.wav", "in/y/"]);
    let at = |name: &str| folder.path().join(name);
    symlink(at("in"), at("in/x/loop")).unwrap();
    symlink(at("in/x"), at("in/0")).unwrap();
    symlink("self.wav", at("in/self.wav")).unwrap();
    symlink("none", at("in/gone.txt")).unwrap();
    check(&folder, &["in"], "out", &[("in/x/a.wav", "out/x/a.wav")]);
    let list = lists(&folder, &["in"], "out").unwrap();
    let unreadable: Vec<_> = list
        .unreadable
        .iter()
        .map(|(path, _)| path.clone())
        .collect();
    assert_eq!((unreadable, list.left_out), (vec![at("in/self.wav")], 1));
}

#[test]
fn a_folder_that_links_lead_to_is_read_too() {
    let folder = folder(&["far/a.wav", "in/"]);
    symlink(folder.path().join("far"), folder.path().join("in/near")).unwrap();
    check(
        &folder,
        &["in"],
        "out",
        &[("in/near/a.wav", "out/near/a.wav")],
    );
}

#[test]
fn a_pipe_among_files_is_told_and_not_opened() {
    use rustix::fs::{CWD, Mode, mkfifoat};
    let folder = folder(&["in/"]);
    mkfifoat(
        CWD,
        folder.path().join("in/a.wav"),
        Mode::from_raw_mode(0o600),
    )
    .unwrap();
    let list = lists(&folder, &["in"], "out").unwrap();
    assert_eq!(list.unreadable[0].1, "is no regular file");
    assert!(list.items.is_empty());
    refused(
        &folder,
        &["in/a.wav"],
        "out",
        "in/a.wav is no file and no folder, expected either where many files are read",
    );
}

#[test]
fn nothing_to_do_is_said() {
    let folder = folder(&["in/a.txt", "file"]);
    refused(
        &folder,
        &["in"],
        "out",
        "in holds no audio: 1 files were looked at",
    );
    refused(
        &folder,
        &["in/*.wav"],
        "out",
        "in/*.wav holds no audio: 0 files were looked at",
    );
    let message = "none cannot be read: No such file or directory (os error 2)";
    refused(&folder, &["none"], "out", message);
    refused(
        &folder,
        &["in"],
        "file",
        "file is a file, expected a folder for many outputs",
    );
}

#[test]
fn outputs_that_are_there_are_known() {
    let folder = folder(&["in/a.wav", "in/b.wav", "out/b.wav"]);
    assert_eq!(lists(&folder, &["in"], "out").unwrap().existing, [1]);
}

#[test]
fn names_that_are_no_text_are_kept_to_the_byte() {
    let folder = folder(&["in/"]);
    let names: [&[u8]; 3] = [b"-rf.wav", b"a\nb.wav", b"\xff\xfe .wav"];
    for name in names {
        fs::write(folder.path().join("in").join(OsStr::from_bytes(name)), "").unwrap();
    }
    let list = lists(&folder, &["in"], "out").unwrap();
    let found: Vec<_> = list
        .items
        .iter()
        .map(|item| item.relative.as_os_str())
        .collect();
    assert_eq!(found, names.map(OsStr::from_bytes));
}

proptest! {
    #[test]
    fn every_output_lies_below_its_folder_and_no_two_are_one(
        names in proptest::collection::btree_set("[ab]/?[ab.]{1,3}(\\.wav|\\.flac|)", 1..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("in");
        for name in &names {
            let path = root.join(name);
            // Some names are both a file and a folder; the first one stands.
            let _ = fs::create_dir_all(path.parent().unwrap());
            let _ = fs::write(path, b"fLaC");
        }
        if let Ok(list) = lists(&folder, &["in"], "out") {
            let outputs: HashSet<_> = list.items.iter().map(|item| &item.output).collect();
            prop_assert_eq!(outputs.len(), list.items.len());
            for item in &list.items {
                let output = item.output.as_ref().unwrap();
                prop_assert!(output.starts_with(folder.path().join("out")));
                prop_assert_eq!(output.extension(), Some(OsStr::new("wav")));
                prop_assert!(!output.iter().any(|part| part == ".."));
            }
        }
    }
}
