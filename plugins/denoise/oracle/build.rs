//! Compiles RNNoise's C. It needs the C compiler that Rust links with, and nothing else.

fn main() {
    cc::Build::new()
        .files(["celt_lpc", "kiss_fft", "pitch", "rnn", "rnn_data"].map(source))
        .file("src/oracle.c")
        .include("rnnoise")
        // Rust rounds every product before it adds it: so must what it is held against.
        .flag_if_supported("-ffp-contract=off")
        // A debug build without it takes minutes for what the tests listen to.
        .opt_level(2)
        // The code stays as its authors wrote it.
        .warnings(false)
        .compile("rnnoise");
    println!("cargo::rerun-if-changed=rnnoise");
    println!("cargo::rerun-if-changed=src/oracle.c");
}

fn source(name: &str) -> String {
    format!("rnnoise/{name}.c")
}
