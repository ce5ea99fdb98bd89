//! Events: what happens in a session, line by line, until it is over.
//!
//! In: lines of its socket. Out: each as it came, or as people read it.

use crate::cli::ctl::failed;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::shell::Shell;
use crate::cli::text::{one_line, seconds};
use crate::control::{Client, Followed};
use crate::observe::Event;
use crate::report::receipt;

/// Prints every line as it came.
pub(super) fn pass_on(shell: &Shell, client: &mut Client) -> Result<Exit, Failure> {
    while let Some(followed) = client.followed().map_err(|error| failed(&error))? {
        shell.terminal.print(&format!("{}\n", followed.line));
    }
    Ok(Exit::Done)
}

/// Prints every event that people want to know of.
pub(super) fn tell(shell: &Shell, client: &mut Client) -> Result<Exit, Failure> {
    let mut rate = client.greeting().sample_rate_hz;
    while let Some(followed) = client.followed().map_err(|error| failed(&error))? {
        if let Some(Event::Started { sample_rate_hz, .. }) = &followed.event {
            rate = *sample_rate_hz;
        }
        if let Some(line) = line(&followed, rate) {
            shell.terminal.print(&format!("{line}\n"));
        }
    }
    Ok(Exit::Done)
}

/// An event as people read it; what is not known here as it came. `None` for what only programs
/// want.
fn line(followed: &Followed, rate: u32) -> Option<String> {
    let line = match &followed.event {
        Some(event) => words(event, rate)?,
        None => followed.line.clone(),
    };
    Some(one_line(&line))
}

fn words(event: &Event, rate: u32) -> Option<String> {
    Some(match event {
        Event::Progress { .. } => return None,
        Event::Probed { plugin } => format!("probed: {plugin}"),
        Event::Started { sample_rate_hz, .. } => format!("started: {sample_rate_hz} Hz"),
        Event::Changed { receipt } => receipt::line(receipt, rate),
        Event::Notice { text } => format!("notice: {text}"),
        Event::Priority { report } => format!("priority: {}", report.sentence()?),
        Event::Dropped { count } => format!("dropped: {count} events, which were not read in time"),
        Event::Finished { frames } => format!("finished: {frames} frames"),
        Event::Fault {
            position_frames, ..
        }
        | Event::FallbackFault {
            position_frames, ..
        }
        | Event::Returned {
            position_frames, ..
        }
        | Event::ObserverFault {
            position_frames, ..
        }
        | Event::Note {
            position_frames, ..
        }
        | Event::Alert {
            position_frames, ..
        }
        | Event::StallBegan {
            position_frames, ..
        }
        | Event::StallEnded {
            position_frames, ..
        } => placed(event, &at(*position_frames, rate)),
    })
}

/// A place in the stream, in seconds where the rate is known.
fn at(frames: u64, rate: u32) -> String {
    match rate {
        0 => format!("at frame {frames}"),
        rate => format!("at {:.3} s", frames as f64 / f64::from(rate)),
    }
}

/// An event that has a place in the stream.
fn placed(event: &Event, at: &str) -> String {
    match event {
        Event::Fault { stage, text, .. } => format!("fault: stage `{stage}` {at}: {text}"),
        Event::FallbackFault { stage, text, .. } => {
            format!("fault: the fallback of stage `{stage}` {at}: {text}")
        }
        Event::Returned { stage, .. } => format!("restart: stage `{stage}` is heard again {at}"),
        Event::ObserverFault { id, text, .. } => format!("fault: `{id}` {at}: {text}"),
        Event::Note {
            stage, text, value, ..
        } => format!("note: stage `{stage}` {at}: {text} {value}"),
        Event::Alert { decide, reason, .. } => format!("alert: `{decide}` {at}: {reason}"),
        Event::StallBegan { side, since, .. } => {
            let side = side.words();
            format!("stall: the stream waits for {side} {at}, since {since}")
        }
        Event::StallEnded {
            side, lasted_ns, ..
        } => {
            let (side, long) = (side.words(), seconds(*lasted_ns));
            format!("stall: the stream goes on {at}, {side} kept it waiting for {long}")
        }
        Event::Progress { .. }
        | Event::Probed { .. }
        | Event::Started { .. }
        | Event::Changed { .. }
        | Event::Notice { .. }
        | Event::Priority { .. }
        | Event::Dropped { .. }
        | Event::Finished { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::StallSide;

    fn check(event: Option<Event>, rate: u32, expected: Option<&str>) {
        let followed = Followed {
            line: "{\"event\":\"new\"}".to_owned(),
            event,
        };
        let found = line(&followed, rate);
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn events_are_told_in_a_line_each() {
        let fault = |text: &str| Event::Fault {
            stage: "tube".to_owned(),
            position_frames: 24_000,
            text: text.to_owned(),
        };
        check(
            Some(fault("too\nhot\u{1b}[2J")),
            48_000,
            Some("fault: stage `tube` at 0.500 s: too hot\u{fffd}[2J"),
        );
        check(
            Some(fault("x")),
            0,
            Some("fault: stage `tube` at frame 24000: x"),
        );
        check(
            Some(Event::StallBegan {
                side: StallSide::Input,
                since: "2026-05-04T03:02:01Z".to_owned(),
                position_frames: 24_000,
            }),
            48_000,
            Some("stall: the stream waits for the input at 0.500 s, since 2026-05-04T03:02:01Z"),
        );
        check(
            Some(Event::StallEnded {
                side: StallSide::Host,
                lasted_ns: 3_049_000_000,
                position_frames: 24_000,
            }),
            48_000,
            Some(
                "stall: the stream goes on at 0.500 s, the host itself kept it waiting for 3.05 s",
            ),
        );
        check(Some(Event::Progress { frames: 7 }), 1, None);
        check(
            Some(Event::Finished { frames: 7 }),
            1,
            Some("finished: 7 frames"),
        );
        check(None, 1, Some("{\"event\":\"new\"}"));
    }
}
