//! Future: SDKs that do not exist yet, made of today's.
//!
//! In: edits of a copy of `plugin-api`. Out: what was built on it, in a folder that cargo keeps
//! for tests, so that a second run builds only what changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use segue_tests::build::{Built, cargo_build, root, run};

/// One change of a file of the SDK: `before` stands there exactly once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edit {
    pub(crate) file: &'static str,
    pub(crate) before: &'static str,
    pub(crate) after: &'static str,
}

/// The next minor: what the rules for growth allow, and a host and plugins that use it.
const NEXT_MINOR: [Edit; 8] = [
    Edit {
        file: "src/abi/version.rs",
        before: "AbiVersion { major: 1, minor: 0 };",
        after: "AbiVersion { major: 1, minor: 1 };",
    },
    Edit {
        file: "src/abi/object.rs",
        before: "    fn fault_text(&self) -> RString;\n}\n\n/// Audio to features,",
        after: "    fn fault_text(&self) -> RString;\n\n    /// What only tomorrow knows.\n    \
                fn tomorrow(&self) -> u32 {\n        7\n    }\n}\n\n/// Audio to features,",
    },
    Edit {
        file: "src/abi/root.rs",
        before: "RResult<RawDecisionBox, RawRefusal>,\n}",
        after: "RResult<RawDecisionBox, RawRefusal>,\n    /// What only tomorrow knows.\n    \
                #[sabi(missing_field(option))]\n    pub tomorrow: extern \"C\" fn() -> u32,\n}",
    },
    Edit {
        file: "src/abi/host.rs",
        before: "    pub take_panic: extern \"C\" fn(into: RSliceMut<'_, u8>) -> u32,\n}",
        after: "    pub take_panic: extern \"C\" fn(into: RSliceMut<'_, u8>) -> u32,\n    \
                /// What only tomorrow knows.\n    #[sabi(missing_field(option))]\n    \
                pub tomorrow: extern \"C\" fn() -> u32,\n}",
    },
    Edit {
        file: "src/export/plugin.rs",
        before: "        decision: decision::<P>,\n",
        after: "        decision: decision::<P>,\n        tomorrow,\n",
    },
    Edit {
        file: "src/export/processor.rs",
        before: "    fn fault_text(&self) -> RString {",
        after: "    fn tomorrow(&self) -> u32 {\n        42\n    }\n\n    \
                fn fault_text(&self) -> RString {",
    },
    Edit {
        file: "src/link/hooks.rs",
        before: "        take_panic: take_panic::<H>,\n",
        after: "        take_panic: take_panic::<H>,\n        tomorrow,\n",
    },
    Edit {
        file: "src/link/processor.rs",
        before: "    /// What the last failure said.",
        after: "    /// What only tomorrow knows.\n    #[must_use]\n    \
                pub fn tomorrow(&self) -> u32 {\n        self.raw.tomorrow()\n    }\n\n    \
                /// What the last failure said.",
    },
];

/// Code of tomorrow behind the end of a file.
const ADDED: [(&str, &str); 3] = [
    (
        "src/export/plugin.rs",
        "\nextern \"C\" fn tomorrow() -> u32 {\n    11\n}\n",
    ),
    (
        "src/link/hooks.rs",
        "\nextern \"C\" fn tomorrow() -> u32 {\n    12\n}\n",
    ),
    (
        "src/link/library.rs",
        "\nimpl Library {\n    /// What only tomorrow knows.\n    #[must_use]\n    \
         pub fn tomorrow(&self) -> Option<u32> {\n        \
         self.root.tomorrow().map(|function| function())\n    }\n}\n",
    ),
];

/// Two plugins and a host on the next minor of the SDK.
pub(crate) fn future() -> &'static Built {
    static BUILT: LazyLock<Built> = LazyLock::new(|| {
        let folder = workspace("next-minor", &NEXT_MINOR, &ADDED);
        build(&folder, &[])
    });
    &BUILT
}

/// A plugin on an SDK that changed as the rules do not allow. Built where the one before was.
pub(crate) fn mutilated(edits: &[Edit]) -> Built {
    let folder = workspace("mutilated", edits, &[]);
    build(&folder, &["--package", "test-future"])
}

/// Each workspace has a target folder of its own: cargo takes packages at the same place within
/// two workspaces for the same.
fn build(folder: &Path, packages: &[&str]) -> Built {
    run(cargo_build(folder)
        .args(["--target-dir", "target"])
        .args(packages))
}

/// A workspace with a changed copy of the SDK.
fn workspace(name: &str, edits: &[Edit], added: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("museum")
        .join(name);
    let future = root().join("tests/museum/future");
    copy(&future, &folder, &|_, text| text);
    fs::write(folder.join("Cargo.toml"), manifest()).expect("the folder was made just now");
    for part in [
        "Cargo.toml",
        "build.rs",
        "src",
        "layout/Cargo.toml",
        "layout/src",
        "macros/Cargo.toml",
        "macros/src",
    ] {
        let sdk = root().join("plugin-api");
        copy(
            &sdk.join(part),
            &folder.join("plugin-api").join(part),
            &|path, text| {
                let path = path.strip_prefix(&sdk).expect("it lies there");
                text_of_sdk(path, text, edits, added)
            },
        );
    }
    for edit in edits {
        let path = root().join("plugin-api").join(edit.file);
        let text = fs::read_to_string(&path).expect("the SDK has this file");
        let found = text.matches(edit.before).count();
        assert_eq!(found, 1, "{}: {:?}", edit.file, edit.before);
    }
    folder
}

/// A workspace's manifest, with the tables of this one that the SDK's manifests refer to.
fn manifest() -> String {
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has one");
    let tables = text.find("[workspace.package]").expect("it has this table");
    let profiles = text.find("[profile.release]").expect("it has this table");
    let members = [
        "host",
        "plugin",
        "strict",
        "plugin-api",
        "plugin-api/layout",
        "plugin-api/macros",
    ];
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n{}\n[profile.dev]\ndebug = false\n",
        &text[tables..profiles]
    )
}

/// The text of one file of the SDK, edited.
fn text_of_sdk(path: &Path, mut text: String, edits: &[Edit], added: &[(&str, &str)]) -> String {
    for edit in edits.iter().filter(|edit| path == Path::new(edit.file)) {
        text = text.replace(edit.before, edit.after);
    }
    for (_, code) in added.iter().filter(|(file, _)| path == Path::new(file)) {
        text += code;
    }
    text
}

/// Copies a file or a folder; what is there already with the same content is left alone, so that
/// cargo sees no change.
fn copy(from: &Path, to: &Path, change: &dyn Fn(&Path, String) -> String) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("the folder for tests can be written to");
        for entry in fs::read_dir(from).expect("the folder is there").flatten() {
            copy(&entry.path(), &to.join(entry.file_name()), change);
        }
        return;
    }
    fs::create_dir_all(to.parent().expect("a file lies in a folder")).expect("as above");
    let text = fs::read_to_string(from).expect("sources are UTF-8");
    let text = change(from, text);
    if fs::read_to_string(to).ok().as_deref() != Some(&text) {
        fs::write(to, text).expect("the folder for tests can be written to");
    }
}
