//! Prints in every phase of its life, to both streams, with escape sequences: none of it may reach
//! what the host writes, and none of it raw a terminal.

use segue_plugin::prelude::*;

/// A line of a flood.
const LINE: &str = "a line of a flood, as plugins print them while somebody looks for a mistake\n";

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
static CONSTRUCTOR: extern "C" fn() = construct;

#[link(name = "c")]
unsafe extern "C" {
    fn write(descriptor: i32, bytes: *const u8, count: usize) -> isize;
}

extern "C" fn construct() {
    raw(1, "printed in the constructor\n");
}

/// Writes to a descriptor as C does, past the standard library.
fn raw(descriptor: i32, text: &str) {
    // SAFETY: pointer and length are those of one text.
    unsafe { write(descriptor, text.as_ptr(), text.len()) };
}

/// Lets everything through.
#[derive(Params)]
struct Prints {
    /// How many lines it prints in its first block.
    #[param(range = 0.0..=1e6, default = 1.0)]
    lines: f64,
    was_called: bool,
}

impl AudioProcessor for Prints {
    fn create(_: &Setup<'_>) -> Result<Self, Refusal> {
        println!("printed in create");
        Ok(Self::with_defaults())
    }

    fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
        eprintln!("printed in activate");
        raw(
            2,
            "printed raw: \u{1b}[2J\u{1b}]0;title\u{7} \u{9b}31m \u{202e}\n",
        );
        Ok(Timing::NONE)
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        if !self.was_called {
            self.was_called = true;
            raw(1, "printed in process\n");
            for _ in 1..self.lines as u64 {
                raw(1, LINE);
            }
        }
        audio.copy();
        Ok(Status::Continue)
    }

    fn deactivate(&mut self) {
        println!("printed in deactivate");
    }
}

impl Drop for Prints {
    fn drop(&mut self) {
        raw(1, "printed in drop, without an end of the line");
    }
}

export! { id: "test.prints", components: [Prints as "prints"] }
