//! What a processor is told about changes, and how the bench cuts a signal.

use segue_plugin::prelude::*;
use segue_plugin::testing;
use segue_plugin::testing::ProcessorBench;

/// Writes its level while nothing changes, and its negative where something did.
#[derive(Params)]
struct Told {
    /// What comes out.
    #[param(range = 0.0..=9.0, default = 1.0)]
    level: f64,
}

impl AudioProcessor for Told {
    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let sign = if context.params_changed() { -1.0 } else { 1.0 };
        audio.map(|_, _| sign * self.level as f32);
        Ok(Status::Continue)
    }
}

fn bench() -> ProcessorBench<Told> {
    let bench = testing::processor::<Told>().activate();
    bench.expect("it takes every format")
}

#[test]
fn a_change_is_told_to_the_one_block_that_follows_it() {
    let mut told = bench();
    let frames: &[&[f32]] = &[&[0.0; 3]];
    assert_eq!(told.process(frames).unwrap(), [[-1.0; 3]]); // Nothing was computed before.
    assert_eq!(told.process(frames).unwrap(), [[1.0; 3]]);
    told.change("level", 1, 2.0);
    assert_eq!(told.process(frames).unwrap(), [[1.0, -2.0, -2.0]]);
    assert_eq!(told.process(frames).unwrap(), [[2.0; 3]]);
    told.change("level", 0, 3.0);
    told.change("level", 2, 3.0);
    assert_eq!(told.process(frames).unwrap(), [[-3.0; 3]]);
    // A block that is refused before the author's code sees it leaves the change to the next.
    told.set("level", 4.0);
    assert!(told.process(&[&[0.0; 3], &[0.0; 3]]).is_err());
    assert_eq!(told.process(frames).unwrap(), [[-4.0; 3]]);
}

#[test]
fn a_run_cuts_where_it_is_told_and_changes_where_the_signal_is() {
    let mut told = bench();
    told.change("level", 9, 7.0); // Behind the end.
    told.change("level", 5, 3.0); // At the very border of two blocks.
    told.change("level", 3, 2.0);
    let out = told.run(&[&[0.0; 8]], &[2, 0, 3]).unwrap();
    assert_eq!(out, [[-1.0, -1.0, 1.0, -2.0, -2.0, -3.0, -3.0, 3.0]]);
    assert_eq!(told.run(&[&[0.0; 2]], &[1]).unwrap(), [[3.0, 3.0]]);
}
