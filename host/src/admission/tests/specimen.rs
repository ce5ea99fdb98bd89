//! Specimen: real libraries for the tests, built once by this machine's compiler.
//!
//! In: the workspace's own gain plugin, and `specimen/plugin.rs`. Out: their bytes, and libraries
//! that misbehave in whatever way a test names.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};

/// How many bytes the name of a behaviour has room for.
const BEHAVIOUR_BYTES: usize = 64;
const MARK: &[u8] = b"segue-specimen:";

/// Other versions of both, once for all tests of the process.
static VERSIONS: Mutex<BTreeMap<(&str, &str), Vec<u8>>> = Mutex::new(BTreeMap::new());

/// Everything that is built, once for all tests of the process.
static BUILT: LazyLock<Built> = LazyLock::new(build);

struct Built {
    sdk: PathBuf,
    gain: Vec<u8>,
    specimen: Vec<u8>,
    dependent: Vec<u8>,
}

/// The gain plugin of this workspace.
pub(in crate::admission) fn gain() -> Vec<u8> {
    BUILT.gain.clone()
}

/// `acme.specimen`, which does this: the first word says what, the rest makes it another content.
pub(crate) fn specimen(behaviour: &str) -> Vec<u8> {
    named(&BUILT.specimen, behaviour)
}

/// `acme.dependent`, which uses `acme.specimen`.
pub(crate) fn dependent(behaviour: &str) -> Vec<u8> {
    named(&BUILT.dependent, behaviour)
}

/// Another version of one of them: of `acme.specimen`, or of the one that a cfg makes of it.
pub(crate) fn version(version: &'static str, cfg: &'static str, behaviour: &str) -> Vec<u8> {
    let sdk = BUILT.sdk.clone();
    let mut versions = VERSIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let library = versions.entry((version, cfg)).or_insert_with(|| {
        let cfgs = ["--cfg", cfg];
        compile(&sdk, version, if cfg.is_empty() { &[] } else { &cfgs })
    });
    named(library, behaviour)
}

fn named(library: &[u8], behaviour: &str) -> Vec<u8> {
    let text = [MARK, behaviour.as_bytes()].concat();
    assert!(text.len() <= BEHAVIOUR_BYTES, "{behaviour} is too long");
    let mut bytes = library.to_vec();
    let windows = bytes.windows(BEHAVIOUR_BYTES);
    let places: Vec<_> = windows
        .enumerate()
        .filter(|(_, window)| window.starts_with(MARK) && window.ends_with(b"  "))
        .map(|(at, _)| at)
        .collect();
    let [at] = places[..] else {
        panic!("a specimen has one mark, found {places:?}");
    };
    let place = &mut bytes[at..at + BEHAVIOUR_BYTES];
    place.fill(b' ');
    place[..text.len()].copy_from_slice(&text);
    bytes
}

fn build() -> Built {
    let artifacts = artifacts();
    let gain = artifacts.iter().find(|path| is_library(path, "segue_gain"));
    let gain = gain.expect("cargo names the library it built");
    let sdk = artifacts
        .iter()
        .find(|path| path.extension().is_some_and(|ending| ending == "rlib"));
    let sdk = sdk.expect("cargo names the SDK it built");
    Built {
        gain: fs::read(gain).unwrap(),
        specimen: compile(sdk, "1.0.0", &[]),
        dependent: compile(sdk, "1.0.0", &["--cfg", "dependent"]),
        sdk: sdk.clone(),
    }
}

fn is_library(path: &Path, name: &str) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    stem.is_some_and(|stem| stem.ends_with(name)) && path.extension().is_some_and(|e| e == "so")
}

/// What `cargo build` says it made of the SDK and of the gain plugin.
fn artifacts() -> Vec<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let output = Command::new(cargo)
        .args(["build", "-p", "segue-gain", "--message-format=json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let lines = output.stdout.split(|byte| *byte == b'\n');
    let messages = lines.filter_map(|line| serde_json::from_slice(line).ok());
    let wanted = messages.filter(|message: &serde_json::Value| {
        let name = &message["target"]["name"];
        name == "segue_gain" || name == "segue_plugin"
    });
    let files = wanted.filter_map(|message| message["filenames"].as_array().cloned());
    let paths = files.flatten();
    paths
        .filter_map(|path| path.as_str().map(PathBuf::from))
        .collect()
}

/// Compiles `specimen/plugin.rs` against the SDK that is there already.
fn compile(sdk: &Path, version: &str, more: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("specimen.so");
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/admission/tests/specimen/plugin.rs");
    let dependencies = sdk.parent().unwrap();
    let with = |name: &str, path: &Path| {
        let mut argument = OsString::from(name);
        argument.push(path);
        argument
    };
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let output = Command::new(compiler)
        .args([
            "--edition=2024",
            "--crate-type=cdylib",
            "--crate-name=specimen",
        ])
        .args(["-Cstrip=debuginfo", "-Aunused"])
        .args(more)
        .args([OsString::from("--extern"), with("segue_plugin=", sdk)])
        .args([OsString::from("-L"), with("dependency=", dependencies)])
        .args([
            OsString::from("-L"),
            with("dependency=", &dependencies.join("deps")),
        ])
        .arg("-o")
        .arg(&library)
        .arg(source)
        .env("CARGO_PKG_NAME", "specimen")
        .env("CARGO_PKG_VERSION", version)
        .env("CARGO_PKG_AUTHORS", "Acme")
        .env("CARGO_PKG_LICENSE", "MIT")
        .env("CARGO_PKG_DESCRIPTION", "Misbehaves.")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    fs::read(library).unwrap()
}
