//! A plugin from outside the workspace, built as its author likes, loads and sounds the same.

use segue_plugin::link::Creation;
use segue_tests::build::{Built, cargo_build, root, run};
use segue_tests::library::{found, open};
use segue_tests::play::play;
use segue_tests::wav::noise;

/// As the README tells an author to.
fn plain() -> Built {
    let mut build = cargo_build(&root().join("tests/outside"));
    run(build.args(["--target-dir", "target/plain"]))
}

/// With another optimization level, and every layout that Rust is free to choose chosen anew.
fn randomized() -> Built {
    let mut build = cargo_build(&root().join("tests/outside"));
    build
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zrandomize-layout")
        .args(["--target-dir", "target/randomized", "--release"]);
    run(&mut build)
}

#[test]
fn a_build_with_other_layouts_and_optimization_sounds_the_same() {
    let (plain, randomized) = (plain(), randomized());
    let libraries = [plain, randomized].map(|built| open(built.file("acme-warmth")));
    let input = [noise(1, 10_000), noise(2, 10_000)];
    let creation = Creation {
        params: &[(0, 12.0)],
        ..Creation::default()
    };
    let [plain, randomized] = libraries
        .each_ref()
        .map(|library| play(library, "tube", &creation, &input, 480));
    assert_eq!(plain, randomized);
    let expected = (input[1][9_999] * 10f32.powf(12.0 / 20.0)).tanh();
    assert!((plain.signal[1][9_999] - expected).abs() < 1e-5);
    assert_ne!(libraries[0].hash(), libraries[1].hash());
}

#[test]
fn the_manifest_comes_from_the_authors_own_words() {
    let manifest = found(plain().file("acme-warmth")).manifest;
    assert_eq!(manifest.id, "acme.warmth");
    assert_eq!(manifest.version.to_string(), "1.2.3");
    assert_eq!(manifest.license, "MIT");
    assert_eq!(manifest.vendor, "Acme Audio");
    assert_eq!(manifest.doc, "Warmth from a tube.");
    assert_eq!(manifest.components.len(), 2);
}
