//! A library whose constructor waits while a file is there, but not in the process of a probe.

use std::path::Path;
use std::time::Duration;

use segue_plugin::prelude::*;

/// The folder of the file that keeps the gate shut.
const FOLDER: &str = "XDG_STATE_HOME";

/// What the file is called.
const SHUT: &str = "gate-is-shut";

/// How the process of a probe is called.
const PROBE: &[u8] = b"probe-helper";

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
static CONSTRUCTOR: extern "C" fn() = wait;

extern "C" fn wait() {
    let called = std::fs::read("/proc/self/cmdline").unwrap_or_default();
    let is_probe = called.split(|byte| *byte == 0).any(|word| word == PROBE);
    let folder = std::env::var_os(FOLDER).unwrap_or_default();
    let gate = Path::new(&folder).join(SHUT);
    if is_probe || !gate.exists() {
        return;
    }
    println!("waits at the gate");
    while gate.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Doubles what comes.
#[derive(Params)]
struct Doubles;

impl AudioProcessor for Doubles {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.map(|_, sample| sample * 2.0);
        Ok(Status::Continue)
    }
}

export! { id: "test.gate", components: [Doubles as "doubles"] }
