//! Machine: what a run was measured on.
//!
//! In: what Linux tells in files of text, and what the compiler left. Out: plain values; `None`
//! where the system does not say. Read when a run is over, once for its report.

use std::fs::File;
use std::io::Read;
use std::thread::available_parallelism;

use segue_plugin::manifest::{RUSTC_VERSION, TARGET};

use crate::observe::MachineReport;
use crate::provenance::key::{bound, level_name};

/// The most that is read of a file: the first processor of `/proc/cpuinfo` takes 2 KiB.
const BYTES_MAX: u64 = 16 << 10;

/// The longest value that is kept, in characters.
const VALUE_CHARS_MAX: usize = 200;

/// This machine, its system and this host. Thread: any but audio.
pub fn machine() -> MachineReport {
    let cores = available_parallelism().ok();
    MachineReport {
        cpu: cpu(&text("/proc/cpuinfo")),
        cores: cores.map(|cores| cores.get() as u64),
        vector_level: level_name().to_owned(),
        vector_bound: bound().as_deref().map(kept),
        os: os(&text("/etc/os-release")),
        kernel: line(&text("/proc/sys/kernel/osrelease")),
        segue: env!("CARGO_PKG_VERSION").to_owned(),
        target: TARGET.to_owned(),
        rustc: RUSTC_VERSION.to_owned(),
        profile: if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
        .to_owned(),
    }
}

/// The beginning of a file; empty where there is none.
fn text(path: &str) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes));
    // What was read until an error is as good as the whole.
    drop(read);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The first model that `/proc/cpuinfo` names: `model name` on x86, `Model` or `Processor` on
/// some ARM boards, nothing on others.
fn cpu(text: &str) -> Option<String> {
    let named = |name: &str| {
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = fields.find(|(key, _)| key.trim() == name)?;
        line(value)
    };
    named("model name")
        .or_else(|| named("Processor"))
        .or_else(|| named("Model"))
}

/// `PRETTY_NAME` of os-release(5).
fn os(text: &str) -> Option<String> {
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    line(value.trim().trim_matches(['"', '\'']))
}

/// The first line, if something stands there.
fn line(text: &str) -> Option<String> {
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| kept(line))
}

fn kept(value: &str) -> String {
    value.chars().take(VALUE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_read_where_the_system_names_one() {
        for (text, expected) in [
            (
                "processor\t: 0\nmodel\t\t: 207\nmodel name\t: Acme 9 @ 2.10GHz\nmodel name\t: Other\n",
                Some("Acme 9 @ 2.10GHz"),
            ),
            (
                "processor : 0\nModel : Raspberry Pi 5\n",
                Some("Raspberry Pi 5"),
            ),
            ("processor : 0\nCPU part : 0xd0c\n", None),
            ("model name\t:\n", None),
            ("", None),
        ] {
            assert_eq!(cpu(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_system_is_read_with_and_without_quotes() {
        for (text, expected) in [
            (
                "NAME=x\nPRETTY_NAME=\"Acme Linux 12 (worm)\"\n",
                Some("Acme Linux 12 (worm)"),
            ),
            ("PRETTY_NAME='A B'\n", Some("A B")),
            ("PRETTY_NAME=Plain\n", Some("Plain")),
            ("PRETTY_NAME=\"\"\n", None),
            ("NAME=x\n", None),
        ] {
            assert_eq!(os(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_value_of_any_length_is_cut() {
        assert_eq!(line(&"x".repeat(10_000)).unwrap().len(), VALUE_CHARS_MAX);
    }

    #[test]
    fn what_the_compiler_left_is_there() {
        let machine = machine();
        assert!(machine.rustc.starts_with("rustc "), "{}", machine.rustc);
        assert!(!machine.target.is_empty() && !machine.vector_level.is_empty());
    }
}
