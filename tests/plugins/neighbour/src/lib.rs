//! Does to the process it is in what a good neighbour does not. Left alone it behaves, so that its
//! probe finds nothing.

use segue_plugin::prelude::*;

/// The end of the parent kills the child: `PR_SET_PDEATHSIG` and `SIGKILL` of Linux.
const DEATH: (i32, usize) = (1, 9);

#[link(name = "c")]
unsafe extern "C" {
    fn clearenv() -> i32;
    fn fork() -> i32;
    fn pause() -> i32;
    fn prctl(option: i32, value: usize) -> i32;
}

/// What it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Choices)]
enum How {
    #[default]
    Behaves,
    Segfaults,
    Aborts,
    Exits,
    ExitsOnAnotherThread,
    Forks,
    Hangs,
}

/// Lets everything through.
#[derive(Params)]
struct Neighbour {
    /// What it does in its first block.
    #[param(default = How::Behaves)]
    how: How,
    was_called: bool,
}

impl AudioProcessor for Neighbour {
    const SETTINGS: &'static [SettingDecl] = &[SettingDecl {
        id: "moves_to",
        doc: "The folder that it moves the process to when it is created; it clears the \
              environment, too.",
        value: SettingKind::Text { bytes_max: 4096 },
        need: Need::Optional,
    }];

    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        if let Some(folder) = setup.text("moves_to") {
            let moved = std::env::set_current_dir(folder);
            moved.map_err(|error| Refusal::new(format!("{folder}: {error}")))?;
            // SAFETY: nothing is safe about it: that is what this plugin is here to commit.
            unsafe { clearenv() };
        }
        Ok(Self::with_defaults())
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        if !std::mem::replace(&mut self.was_called, true) {
            self.how.happen();
        }
        Ok(Status::Continue)
    }
}

impl How {
    fn happen(self) {
        match self {
            Self::Behaves => {}
            // SAFETY: it is not: the address is that of nothing.
            Self::Segfaults => unsafe {
                std::ptr::without_provenance_mut::<u8>(16).write_volatile(1)
            },
            Self::Aborts => {
                eprintln!("gives up, as told");
                std::process::abort();
            }
            Self::Exits => std::process::exit(0),
            Self::ExitsOnAnotherThread => {
                let _ = std::thread::spawn(|| std::process::exit(0)).join();
            }
            Self::Forks => fork_and_stay(),
            Self::Hangs => loop {
                std::thread::park();
            },
        }
    }
}

/// A child that holds a copy of every descriptor for as long as its parent lives.
fn fork_and_stay() {
    // SAFETY: the child calls nothing but the system.
    if unsafe { fork() } != 0 {
        return;
    }
    // SAFETY: takes numbers.
    unsafe { prctl(DEATH.0, DEATH.1) };
    loop {
        // SAFETY: takes nothing.
        unsafe { pause() };
    }
}

export! { id: "test.neighbour", components: [Neighbour as "neighbour"] }
