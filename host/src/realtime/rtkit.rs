//! Rtkit: asks the service that gives real-time priority to who has no right to it.
//!
//! In: a thread of this process, and a bus. Out: the priority that it was given, or why not.
//! Its limits are read first and kept to: the highest priority, and how much processor time a
//! thread may take without a pause.

use crate::realtime::bus::{Address, Argument, Bus, BusError, MethodCall};
use crate::system::scheduler::{Thread, bound_for_good};

/// The priority that is asked for, of 99: above rtkit's (20 at most) and sound servers that take
/// what they get; below interrupts that run as threads (50), which bring the audio and the timers
/// that it waits for.
pub(super) const PRIORITY: u32 = 40;

/// Its name on the bus, and its interface.
const NAME: &str = "org.freedesktop.RealtimeKit1";

/// Its one object.
const PATH: &str = "/org/freedesktop/RealtimeKit1";

/// The least bound of processor time that is of use, in µs: less would take the priority back from
/// threads that only do their work.
const BOUND_MIN_US: u64 = 10_000;

/// Makes a thread real-time; returns its priority.
pub(super) fn make_realtime(thread: &Thread, address: &Address) -> Result<u32, BusError> {
    let mut bus = Bus::connect(address)?;
    let highest = property(&mut bus, "MaxRealtimePriority")?;
    let bound_us = property(&mut bus, "RTTimeUSecMax")?;
    let priority = match u32::try_from(highest) {
        Ok(highest @ 1..) => highest.min(PRIORITY),
        Ok(0) | Err(_) => return Err(BusError::Limits { highest, bound_us }),
    };
    match u64::try_from(bound_us) {
        Ok(bound_us @ BOUND_MIN_US..) => bound_for_good(bound_us)?,
        Ok(_) | Err(_) => return Err(BusError::Limits { highest, bound_us }),
    }
    bus.call(&MethodCall {
        destination: NAME,
        path: PATH,
        interface: NAME,
        member: "MakeThreadRealtime",
        arguments: &[
            Argument::U64(u64::from(thread.number())),
            Argument::U32(priority),
        ],
    })?;
    Ok(priority)
}

/// One of its limits.
fn property(bus: &mut Bus, name: &str) -> Result<i64, BusError> {
    let reply = bus.call(&MethodCall {
        destination: NAME,
        path: PATH,
        interface: "org.freedesktop.DBus.Properties",
        member: "Get",
        arguments: &[Argument::Text(NAME), Argument::Text(name)],
    })?;
    reply.number().ok_or(BusError::Nonsense)
}
