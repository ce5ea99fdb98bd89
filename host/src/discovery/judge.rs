//! Judge: whether this host could load what a file says it is.
//!
//! In: what reading the file told. Out: its class. Pure: the file is not looked at again.

use segue_plugin::declare::PanicStrategy;
use segue_plugin::manifest::{Manifest, ManifestError, TARGET};

use crate::discovery::class::{Class, FoundPlugin, Incompatible};
use crate::discovery::hash::ContentHash;
use crate::discovery::library::Told;
use crate::discovery::machine::Machine;
use crate::discovery::reasons::Unreadable;
use crate::discovery::stamp::Stamp;

/// Says what class a file is of.
pub(crate) fn judge(told: &Told<'_>, stamp: Stamp, hash: Option<ContentHash>) -> Class {
    let (machine, sibling, manifest) = match told {
        Told::Not(reason) => return Class::NotAPlugin(*reason),
        Told::Damaged(reason) => {
            return Class::Unreadable(Unreadable::Damaged(reason.to_string()));
        }
        Told::Plugin {
            machine,
            sibling,
            manifest,
        } => (*machine, sibling, Manifest::read(manifest)),
    };
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(error @ (ManifestError::Abi { .. } | ManifestError::HeaderVersion { .. })) => {
            return Class::Incompatible(Incompatible::Abi(error), None);
        }
        Err(error) => return Class::Unreadable(Unreadable::Manifest(error)),
    };
    let reason = objection(&manifest, machine, sibling.as_deref());
    let found = Box::new(FoundPlugin {
        manifest,
        machine,
        stamp,
        hash,
    });
    match reason {
        None => Class::Ready(found),
        Some(reason) => Class::Incompatible(reason, Some(found)),
    }
}

/// What speaks against loading it, the hardest to change first.
fn objection(manifest: &Manifest, machine: Machine, sibling: Option<&str>) -> Option<Incompatible> {
    if !machine.is_ours() || !is_same_target(&manifest.target, TARGET) {
        return Some(Incompatible::Target {
            target: manifest.target.clone(),
            machine,
            host: TARGET,
        });
    }
    if let Err(error) = manifest.header.check_host() {
        return Some(Incompatible::Abi(error));
    }
    if manifest.panic == PanicStrategy::Abort {
        return Some(Incompatible::Abort);
    }
    sibling.map(|sibling| Incompatible::Sibling(sibling.to_owned()))
}

/// Whether two target triples name the same architecture, system and C library. The vendor, the
/// second word, changes nothing about how code is called.
fn is_same_target(left: &str, right: &str) -> bool {
    let without_vendor = |triple: &str| -> Vec<String> {
        let words = triple.split('-').enumerate().filter(|(at, _)| *at != 1);
        words.map(|(_, word)| word.to_owned()).collect()
    };
    left == right || without_vendor(left) == without_vendor(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendor_of_a_target_does_not_matter() {
        let gnu = "x86_64-unknown-linux-gnu";
        assert!(is_same_target(gnu, gnu));
        assert!(is_same_target(gnu, "x86_64-alpine-linux-gnu"));
        for other in [
            "x86_64-unknown-linux-musl",
            "aarch64-unknown-linux-gnu",
            "",
            "x86_64",
        ] {
            assert!(!is_same_target(gnu, other), "{other}");
        }
    }
}
