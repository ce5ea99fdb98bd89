//! Check: a declaration keeps every rule, or it does not compile.
//!
//! In: a `PluginDecl` in a constant. Out: nothing, or a compile error that names what is wrong.

mod component;
mod names;

use crate::abi::ABI_VERSION;
use crate::declare::PluginDecl;
use crate::manifest::check::component::component;
use crate::manifest::check::names::Names;
use crate::manifest::limits::{COMPONENTS_MAX, REQUIRES_MAX};
use crate::manifest::syntax::Syntax;
use crate::manifest::writer::Writer;

/// The longest sentence of a compile error, in bytes; a longer one goes without the name.
const SENTENCE_BYTES_MAX: usize = 512;

/// # Panics
/// When `decl` breaks a rule, with a sentence that names the rule and what breaks it.
pub(super) const fn plugin(decl: &PluginDecl) {
    text("the plugin's id", decl.id, Syntax::PluginId);
    text("the plugin's name", decl.name, Syntax::Line);
    text("the plugin's version", decl.version, Syntax::Version);
    text("the plugin's vendor", decl.vendor, Syntax::Line);
    text("the plugin's licence", decl.license, Syntax::Line);
    text("the plugin's documentation", decl.doc, Syntax::Prose);
    text("the compiler's version", decl.rustc, Syntax::Line);
    text("the target", decl.target, Syntax::Line);
    rule(
        "the plugin",
        decl.id,
        if ABI_VERSION.can_host(decl.min_host) {
            None
        } else {
            Some("`min_host` cannot be newer than the ABI of this SDK, nor of another major")
        },
    );
    other_plugins(decl);
    let mut names = Names::<COMPONENTS_MAX>::new("component");
    let mut at = 0;
    while at < decl.components.len() {
        names.add(decl.components[at].name);
        component(&decl.components[at]);
        at += 1;
    }
    let empty = decl.components.is_empty();
    rule(
        "the plugin",
        decl.id,
        if empty {
            Some("it has no component")
        } else {
            None
        },
    );
}

const fn other_plugins(decl: &PluginDecl) {
    let mut required = Names::<{ REQUIRES_MAX + 1 }>::new("requirement");
    required.add(decl.id);
    let mut at = 0;
    while at < decl.requires.len() {
        text("a required plugin", decl.requires[at].id, Syntax::PluginId);
        text(
            "the version of a required plugin",
            decl.requires[at].version,
            Syntax::Requirement,
        );
        required.add(decl.requires[at].id);
        at += 1;
    }
    let mut replaced = Names::<{ REQUIRES_MAX + 1 }>::new("replaced plugin");
    replaced.add(decl.id);
    at = 0;
    while at < decl.replaces.len() {
        text("a replaced plugin", decl.replaces[at], Syntax::PluginId);
        replaced.add(decl.replaces[at]);
        at += 1;
    }
}

/// Stops the compiler if `text` does not keep `syntax`.
const fn text(what: &str, text: &str, syntax: Syntax) {
    if !syntax.accepts(text) {
        fail(
            &[what, " is `", text, "`, expected ", syntax.rule()],
            syntax.rule(),
        );
    }
}

/// Stops the compiler if a rule is broken.
const fn rule(what: &str, name: &str, broken: Option<&str>) {
    if let Some(broken) = broken {
        fail(&[what, " `", name, "`: ", broken], broken);
    }
}

/// Stops the compiler with a sentence made of `parts`, or with `short` if that is too long.
const fn fail(parts: &[&str], short: &str) -> ! {
    let mut bytes = [0; SENTENCE_BYTES_MAX];
    let mut writer = Writer::new(&mut bytes);
    let mut at = 0;
    while at < parts.len() {
        writer.raw(parts[at].as_bytes());
        at += 1;
    }
    let length = writer.len();
    if length > SENTENCE_BYTES_MAX {
        panic!("{}", short);
    }
    match str::from_utf8(bytes.split_at(length).0) {
        Ok(sentence) => panic!("{}", sentence),
        Err(_) => panic!("{}", short),
    }
}
