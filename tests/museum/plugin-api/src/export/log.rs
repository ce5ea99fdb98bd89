//! Log: the plugin's own `tracing` reaches the host's log.
//!
//! In: events of this library's `tracing`. Out: one line each, to the host. What comes from
//! `process` is dropped and counted: formatting allocates.

use std::fmt::{Debug, Write};

use abi_stable::std_types::RStr;
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::{Interest, Subscriber};
use tracing_core::{Dispatch, Event, Level, LevelFilter, Metadata};

use crate::abi::host::RawLog;
use crate::export::hooks;

/// Leads this library's events to the host; a dispatcher that the author set stays.
pub(super) fn install() {
    let _ = tracing_core::dispatcher::set_global_default(Dispatch::new(Bridge));
}

struct Bridge;

impl Subscriber for Bridge {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if hooks::is_real_time() {
            if metadata.is_event() {
                hooks::log_dropped();
            }
            return false;
        }
        metadata.is_event() && number(metadata.level()) <= hooks::log_level()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = String::new();
        event.record(&mut Line(&mut text));
        hooks::log(&RawLog {
            level: number(event.metadata().level()),
            target: RStr::from_str(event.metadata().target()),
            text: RStr::from_str(&text),
            extension: std::ptr::null(),
        });
    }

    // Spans are not carried over: a line says what happened, and the host adds who said it.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

const fn number(level: &Level) -> u32 {
    match *level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

/// Writes the message first and the other fields behind it.
struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let space = if self.0.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = if field.name() == "message" {
            write!(self.0, "{space}{value:?}")
        } else {
            write!(self.0, "{space}{}={value:?}", field.name())
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
