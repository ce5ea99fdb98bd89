//! Build: which compiler builds a plugin, and for which target.
//!
//! In: the compiler and the target that cargo names in the environment.
//! Out: `SEGUE_RUSTC` and `SEGUE_TARGET`, from which `manifest` makes constants.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rustc-env=SEGUE_RUSTC={}", compiler_version());
    println!("cargo::rustc-env=SEGUE_TARGET={}", variable("TARGET"));
    // Cargo runs this again for another compiler or target by itself; no file matters but this.
    println!("cargo::rerun-if-changed=build.rs");
}

/// The line that `rustc --version` prints.
fn compiler_version() -> String {
    let output = Command::new(variable("RUSTC"))
        .arg("--version")
        .output()
        .expect("the compiler that cargo named runs: it has just built this script");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn variable(name: &str) -> String {
    env::var(name).expect("cargo sets RUSTC and TARGET for every build script")
}
