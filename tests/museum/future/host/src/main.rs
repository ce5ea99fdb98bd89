//! A host of tomorrow, as small as can be: opens a plugin, asks it what only tomorrow knows, and
//! lets it process one block.
//!
//! In: the path of a library and the index of a processor in it. Out: one line for each answer.

use std::sync::Arc;

use libloading::os::unix::{Library as Opened, RTLD_LOCAL, RTLD_NOW};
use segue_plugin::abi::audio::Span;
use segue_plugin::abi::root::{HEADER_SYMBOL, Header};
use segue_plugin::declare::Layout;
use segue_plugin::link::{
    AudioView, AudioViewMut, Block, Creation, Flags, Hooks, Library, NoServices, Start,
};
use segue_plugin::setup::{Format, Mode};

/// Hooks that only keep quiet.
struct Quiet;

impl Hooks for Quiet {
    fn allocated(_: usize) {}
    fn freed(_: usize) {}
    fn is_real_time() -> bool {
        false
    }
    fn log_level(_: u64) -> u32 {
        0
    }
    fn log(_: u64, _: u32, _: &str, _: &str) {}
    fn log_dropped(_: u64) {}
    fn panicked(_: u64, _: &str) {}
    fn take_panic(_: &mut [u8]) -> usize {
        0
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("the path of a library");
    let library = match Library::check(header(&path)) {
        Ok(library) => library,
        Err(refusal) => {
            println!("refused: {refusal}");
            return;
        }
    };
    assert!(library.attach::<Quiet>(0).is_ok());
    println!("function of tomorrow: {:?}", library.tomorrow());
    let mut processor = library
        .processor(0, &Creation::default(), Arc::new(NoServices))
        .expect("the processor can be created");
    println!("method of tomorrow: {}", processor.tomorrow());
    let start = Start {
        format: Format {
            sample_rate_hz: 48_000,
            layout: Layout::MONO,
        },
        frames_max: 4,
        mode: Mode::Offline,
        sidechains: &[],
        sources: &[],
    };
    processor.activate(&start).expect("it can be activated");
    let span = Span {
        channels: 1,
        stride: 4,
        start: 0,
        frames: 4,
    };
    let (input, mut output) = ([0.5, -0.5, 0.25, 1.0], [0.0; 4]);
    let outcome = processor.process(Block {
        position_frames: 0,
        flags: Flags::NONE,
        input: AudioView::new(&input, span),
        output: AudioViewMut::new(&mut output, span),
        sidechains: &[],
        events: &[],
        outputs: &mut [],
        records: &mut [],
    });
    assert!(outcome.status.is_ok());
    println!("processed: {output:?}");
}

/// Opens the library for good and finds its header.
fn header(path: &str) -> &'static Header {
    // SAFETY: the test names a plugin that was built a moment ago.
    let opened = unsafe { Opened::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
    let opened = opened.expect("the library opens");
    // SAFETY: the symbol is taken as an address only.
    let symbol = unsafe { opened.get::<*const Header>(HEADER_SYMBOL) };
    let address = symbol.expect("a plugin has the symbol").into_raw().cast::<Header>();
    std::mem::forget(opened);
    // SAFETY: the library is never closed, and the symbol is a plugin's header.
    unsafe { &*address }
}
