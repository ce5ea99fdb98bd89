//! Build: the libraries and the executable that tests open and run.
//!
//! In: names of packages. Out: the files that cargo made of them. Each set is built once in a
//! process; cargo's own lock keeps processes apart.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

/// The reference plugins, as packages.
const REFERENCE: [&str; 9] = [
    "segue-delay",
    "segue-denoise",
    "segue-dynamics",
    "segue-fidelity",
    "segue-filters",
    "segue-gain",
    "segue-levels",
    "segue-loudness",
    "segue-rules",
];

/// The files that cargo made, by the name of their target: `segue_gain`, `segue`.
#[derive(Debug)]
pub struct Built(BTreeMap<String, PathBuf>);

impl Built {
    /// The file of a package.
    #[must_use]
    pub fn file(&self, package: &str) -> &Path {
        let found = self.0.get(&package.replace('-', "_"));
        found.unwrap_or_else(|| panic!("{package} is not among what was built: {:?}", self.0))
    }

    /// Every file.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.values().map(PathBuf::as_path)
    }
}

/// The folder of the workspace.
#[must_use]
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("this package lies in the workspace")
}

/// The executable `segue`.
#[must_use]
pub fn executable() -> &'static Path {
    static BUILT: LazyLock<Built> = LazyLock::new(|| cargo(root(), ["--package", "segue"]));
    BUILT.file("segue")
}

/// The reference plugins.
#[must_use]
pub fn reference() -> &'static Built {
    static BUILT: LazyLock<Built> = LazyLock::new(|| {
        let packages = REFERENCE.iter().flat_map(|package| ["--package", package]);
        cargo(root(), packages)
    });
    &BUILT
}

/// The plugins of `tests/plugins`.
#[must_use]
pub fn test_plugins() -> &'static Built {
    static BUILT: LazyLock<Built> = LazyLock::new(|| own_workspace("plugins", []));
    &BUILT
}

/// The file of one plugin of `tests/plugins`, by the name of its folder.
#[must_use]
pub fn test_plugin(folder: &str) -> &'static Path {
    test_plugins().file(&format!("test_{folder}"))
}

/// Builds a workspace under `tests/`, which keeps its own lock file and target folder.
#[must_use]
pub fn own_workspace<'a>(folder: &str, arguments: impl IntoIterator<Item = &'a str>) -> Built {
    let folder = root().join("tests").join(folder);
    cargo(
        &folder,
        ["--target-dir", "target"].into_iter().chain(arguments),
    )
}

/// Builds what `arguments` say in the workspace of `folder`.
#[must_use]
pub fn cargo<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Built {
    run(cargo_build(folder).args(arguments))
}

/// The command that builds in `folder`, with the lock file as it is and optimized where this test is,
/// for [`run`].
#[must_use]
pub fn cargo_build(folder: &Path) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(folder).args(["build", "--locked"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    command
}

/// Runs a build and reads which files it made.
#[must_use]
pub fn run(build: &mut Command) -> Built {
    let build = build.args(["--message-format", "json-render-diagnostics"]);
    let output = build.output().expect("cargo is there: it runs this test");
    let errors = String::from_utf8_lossy(&output.stderr);
    let status = output.status;
    assert!(status.success(), "{build:?} ended with {status}:\n{errors}");
    let messages = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    Built(messages.lines().filter_map(artifact).collect())
}

/// The target and the file of a message, where it tells of a library or an executable.
fn artifact(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message["reason"] != "compiler-artifact" {
        return None;
    }
    let kinds = message["target"]["kind"].as_array()?;
    let file = if kinds.iter().any(|kind| kind == "cdylib") {
        message["filenames"].get(0)?.as_str()?
    } else {
        message["executable"].as_str()?
    };
    let name = message["target"]["name"].as_str()?;
    Some((name.replace('-', "_"), PathBuf::from(file)))
}
