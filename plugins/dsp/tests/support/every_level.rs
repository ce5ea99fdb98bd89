//! Every level: the tests of a file once more for each vector level that the kernels may be
//! bounded to.

use segue_dsp::cpu;
use std::process::Command;

/// Runs this very test binary for each bound, without the tests whose name has `skipped` in it.
pub(crate) fn pass(skipped: &str) {
    let binary = std::env::current_exe().expect("a running test has a path");
    for bound in ["baseline", "avx2"] {
        let outcome = Command::new(&binary)
            .args(["--skip", skipped])
            .env(cpu::VARIABLE, bound)
            .output()
            .expect("a test binary starts");
        let said = String::from_utf8_lossy(&outcome.stdout);
        assert!(outcome.status.success(), "with {bound}: {said}");
        assert!(
            said.contains("test result: ok") && !said.contains(" 0 passed"),
            "{said}"
        );
    }
}
