//! A library whose constructor ends the process: only a probe may find that out.

use segue_plugin::prelude::*;

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
static CONSTRUCTOR: extern "C" fn() = die;

extern "C" fn die() {
    std::process::abort();
}

/// Lets everything through, if it ever gets there.
#[derive(Params)]
struct Through;

impl AudioProcessor for Through {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}

export! { id: "test.dies-on-open", components: [Through as "through"] }
