//! A plugin that misbehaves as its bytes say, for the tests of admission.
//!
//! Built by `specimen.rs`; the text behind `segue-specimen:` is replaced in the finished library,
//! so that one build gives any number of libraries, each with a content of its own. Built with
//! `--cfg dependent` it is another plugin, which uses the first.

use segue_plugin::prelude::*;

/// What it does; `specimen.rs` finds and replaces it.
#[used]
static BEHAVIOUR: [u8; 64] = *b"segue-specimen:healthy                                          ";

unsafe extern "C" {
    fn _exit(code: i32) -> !;
    fn close(descriptor: i32) -> i32;
    fn fork() -> i32;
    fn pause() -> i32;
    fn raise(signal: i32) -> i32;
    fn setsid() -> i32;
    fn wait(status: *mut i32) -> i32;
    fn kill(process: i32, signal: i32) -> i32;
    fn getppid() -> i32;
    fn getrlimit(resource: i32, limit: *mut [u64; 2]) -> i32;
    fn write(descriptor: i32, bytes: *const u8, count: usize) -> isize;
}

/// Whether the library is to do this.
fn is(behaviour: &str) -> bool {
    // Read as if it could change, or the compiler would answer at once.
    let bytes = unsafe { std::ptr::read_volatile(&raw const BEHAVIOUR) };
    let text = std::str::from_utf8(&bytes["segue-specimen:".len()..]).unwrap_or_default();
    text.split_whitespace().next() == Some(behaviour)
}

fn print(descriptor: i32, text: &str) {
    unsafe { write(descriptor, text.as_ptr(), text.len()) };
}

#[used]
#[unsafe(link_section = ".init_array")]
static OPENED: extern "C" fn() = opened;

#[used]
#[unsafe(link_section = ".fini_array")]
static CLOSED: extern "C" fn() = closed;

extern "C" fn opened() {
    let garbage = "garbage\u{1b}[31m\n{\"done\":1}\n\0".repeat(1000);
    if is("open-abort") {
        print(1, "on standard output\n");
        print(2, "on standard error\n");
        std::process::abort();
    } else if is("open-segv") {
        unsafe { std::ptr::null_mut::<u32>().write_volatile(1) };
    } else if is("open-exit") {
        unsafe { _exit(3) };
    } else if is("open-exit-well") {
        std::process::exit(0);
    } else if is("open-killed") {
        unsafe { raise(9) };
    } else if is("open-hang") {
        print(2, "here it stays\n");
        loop {
            unsafe { pause() };
        }
    } else if is("open-spin") {
        loop {
            std::hint::spin_loop();
        }
    } else if is("open-stop") {
        unsafe { raise(19) };
    } else if is("open-flood") {
        loop {
            print(1, &garbage);
            print(2, &garbage);
        }
    } else if is("open-chatter") {
        (0..200).for_each(|_| print(1, &garbage));
        (0..200).for_each(|_| print(2, &garbage));
    } else if is("open-close") {
        (0..1024).for_each(|descriptor| {
            unsafe { close(descriptor) };
        });
    } else if is("open-fork") {
        let child = unsafe { fork() };
        if child == 0 {
            loop {
                unsafe { pause() };
            }
        }
        print(2, &format!("{child}\n"));
        unsafe { _exit(7) };
    } else if is("open-escapes") {
        // Twice, so that its parent is gone, and in a session of its own.
        if unsafe { fork() } == 0 {
            unsafe { setsid() };
            let escaped = unsafe { fork() };
            while escaped == 0 {
                unsafe { pause() };
            }
            print(2, &format!("{escaped}\n"));
            unsafe { _exit(0) };
        }
        unsafe { wait(std::ptr::null_mut()) };
        unsafe { _exit(7) };
    } else if is("open-limited") {
        let mut limit = [0; 2];
        // RLIMIT_FSIZE: a library that cannot live with little.
        if unsafe { getrlimit(1, &raw mut limit) } == 0 && limit[0] < 1 << 50 {
            print(2, "there is too little for me\n");
            std::process::abort();
        }
    } else if is("open-kills-parent") {
        unsafe { kill(getppid(), 9) };
        loop {
            unsafe { pause() };
        }
    } else if is("open-fork-well") {
        if unsafe { fork() } == 0 {
            loop {
                unsafe { pause() };
            }
        }
    } else if is("open-kills-host") {
        let command = std::fs::read("/proc/self/cmdline").unwrap_or_default();
        let command = String::from_utf8_lossy(&command);
        if !command.contains("helper_entry") {
            std::process::abort();
        }
    }
}

extern "C" fn closed() {
    if is("close-hang") {
        loop {
            unsafe { pause() };
        }
    }
}

/// Fails wherever its bytes say.
#[derive(Params)]
struct Part {
    /// How loud.
    #[param(unit = "dB", range = -60.0..=0.0, default = 0.0, smooth_ms = 10.0)]
    gain_db: Smoothed,
    /// Its running state: how many frames it heard.
    heard_frames: u64,
    #[cfg(dependent)]
    other: Option<HostedProcessor>,
}

impl AudioProcessor for Part {
    const CAPABILITIES: Capabilities = Capabilities {
        state_schema: if cfg!(schema2) { 2 } else { 1 },
        ..Capabilities::DEFAULT
    };

    #[cfg(not(dependent))]
    fn create(_: &Setup<'_>) -> Result<Self, Refusal> {
        assert!(!is("create-panic"), "no instance\nfor you");
        if is("create-refuse") {
            return Err(Refusal::new("the model is not there"));
        }
        Ok(Self::with_defaults())
    }

    #[cfg(dependent)]
    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let other = setup.host().processor("acme.specimen/part", &[]);
        let other = other.unwrap_or_else(|refusal| panic!("it was not given: {refusal}"));
        let mut part = Self::with_defaults();
        part.other = Some(other);
        Ok(part)
    }

    fn validate_input(&self, format: &Format) -> Result<Layout, Refusal> {
        assert!(!is("validate-panic"), "no format");
        Ok(format.layout)
    }

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        assert!(!is("activate-panic"), "no start");
        #[cfg(dependent)]
        if let Some(other) = &mut self.other {
            other.activate(activation)?;
        }
        Ok(Timing::declared(&Self::CAPABILITIES, activation.sample_rate_hz()))
    }

    fn deactivate(&mut self) {
        assert!(!is("deactivate-panic"), "no end");
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        assert!(!is("process-panic"), "no sound");
        assert!(
            !is("process-later-panic") || self.heard_frames == 0,
            "no more sound"
        );
        if is("process-warm") {
            // The first call on each thread takes memory, wherever others were made.
            std::thread_local! {
                static WARM: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
            }
            WARM.with_borrow_mut(|warm| warm.reserve(100));
        }
        if is("process-abort") {
            std::process::abort();
        }
        if is("process-fault") {
            return Err(Fault::new(7, "no signal"));
        }
        let last = if is("process-nan") { f32::NAN } else { 0.0 };
        audio.map(|frame, sample| if frame == 255 { last } else { sample });
        self.heard_frames += audio.frames() as u64;
        Ok(Status::Continue)
    }

    fn state_bytes(&self) -> usize {
        if cfg!(schema2) { 16 } else { 8 }
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        state.u64(self.heard_frames)?;
        if cfg!(schema2) { state.u64(2) } else { Ok(()) }
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        let heard_frames = state.u64()?;
        if cfg!(schema2) && state.u64()? != 2 {
            return Err(Fault::new(8, "no state of mine"));
        }
        state.expect_end()?;
        self.heard_frames = heard_frames;
        Ok(())
    }

    fn migrate_state(&self, schema: u32, old: &[u8]) -> Result<Vec<u8>, Refusal> {
        assert!(!is("migrate-panic"), "no way from there");
        if schema != 1 || old.len() != 8 {
            return Err(Refusal::new(format!("{} bytes of schema {schema}", old.len())));
        }
        let mark = if is("migrate-junk") { 3u64 } else { 2 };
        Ok([old, &mark.to_le_bytes()].concat())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if is("drop-exit") {
            unsafe { _exit(5) };
        }
        assert!(!is("drop-panic"), "no goodbye");
    }
}

/// Cannot be created without its setting.
#[derive(Params)]
struct Needy;

impl AudioProcessor for Needy {
    const SETTINGS: &'static [SettingDecl] = &[SettingDecl {
        id: "model",
        doc: "The model.",
        value: SettingKind::Path,
        need: Need::Required,
    }];

    fn create(_: &Setup<'_>) -> Result<Self, Refusal> {
        panic!("created without what it needs")
    }

    fn process(&mut self, _: &mut Context<'_>, _: &mut Io<'_>) -> Result<Status, Fault> {
        Ok(Status::Continue)
    }
}

/// Looks at blocks of a hundred frames.
#[derive(Params)]
struct Eye;

const LEVEL: ReadingDecl = ReadingDecl {
    id: "level",
    doc: "The level.",
    unit: "",
    min: 0.0,
    max: 1.0,
    per: Per::Channel,
    better: Better::Neither,
};

impl AudioAnalyzer for Eye {
    const FEATURES: &'static [ReadingDecl] = &[LEVEL];
    const HOP: Span = Span::Frames(100);

    fn analyze(&mut self, audio: &Audio<'_>) -> Result<(), Fault> {
        assert!(!is("analyze-panic"), "no look");
        assert_eq!(audio.frames(), 100);
        Ok(())
    }

    fn emit(&mut self, _: &mut Readings<'_>) -> Result<(), Fault> {
        assert!(!is("emit-panic"), "no feature");
        Ok(())
    }
}

/// Compares.
#[derive(Params)]
struct Scale;

impl QualityMetric for Scale {
    const READINGS: &'static [ReadingDecl] = &[LEVEL];
    const REFERENCE: Reference = Reference::Required;

    fn measure(&mut self, signal: &Audio<'_>, reference: &Audio<'_>) -> Result<(), Fault> {
        assert!(!is("measure-panic"), "no measure");
        assert_eq!(signal.frames(), reference.frames());
        Ok(())
    }

    fn finish(&mut self, _: &mut Readings<'_>) -> Result<(), Fault> {
        assert!(!is("finish-panic"), "no result");
        Ok(())
    }
}

/// Decides.
#[derive(Params)]
struct Judge;

impl DecisionEngine for Judge {
    fn decide(&mut self, _: &Observation<'_>, _: &mut Actions<'_>) -> Result<(), Fault> {
        assert!(!is("decide-panic"), "no judgement");
        Ok(())
    }
}

#[cfg(not(dependent))]
export! {
    id: "acme.specimen",
    components: [
        Part as "part", Needy as "needy", Eye as "eye", Scale as "scale", Judge as "judge",
    ]
}

#[cfg(dependent)]
export! {
    id: "acme.dependent",
    requires: ["acme.specimen" = "1"],
    components: [Part as "part"]
}
