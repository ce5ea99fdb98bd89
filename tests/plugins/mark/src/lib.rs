//! A library whose constructor leaves a mark: discovery must never run it.

use segue_plugin::prelude::*;

/// The file that appears when this library is opened is named here.
const MARK: &str = "SEGUE_TEST_MARK";

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
static CONSTRUCTOR: extern "C" fn() = leave_a_mark;

extern "C" fn leave_a_mark() {
    if let Some(path) = std::env::var_os(MARK) {
        std::fs::write(path, "opened").expect("the test names a file that can be written");
    }
}

/// Lets everything through.
#[derive(Params)]
struct Through;

impl AudioProcessor for Through {
    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}

export! { id: "test.mark", components: [Through as "through"] }
