//! Machine: what a run was measured on, as plain values.

use serde::Serialize;

/// The machine, its system, and the host that ran there. Null where the system does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MachineReport {
    /// What the processor calls itself.
    pub cpu: Option<String>,
    /// How many threads of it this process may use.
    pub cores: Option<u64>,
    /// The vector instructions that kernels use: `baseline`, `avx2`, `avx512` or `native`.
    pub vector_level: String,
    /// What the environment variable `SEGUE_CPU` says, which bounds them.
    pub vector_bound: Option<String>,
    /// The system, by the name it gives to people.
    pub os: Option<String>,
    /// Its kernel.
    pub kernel: Option<String>,
    /// The version of the host.
    pub segue: String,
    /// The target that it was compiled for.
    pub target: String,
    /// The compiler that made it.
    pub rustc: String,
    /// `release` or `debug`.
    pub profile: String,
}
