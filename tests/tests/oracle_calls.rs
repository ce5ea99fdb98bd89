//! Calls: what the thread that plays asks of the system while its pipeline changes, as `strace` sees
//! it: it reads, writes, asks how much a pipe takes, and waits until it may, and nothing else.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use segue_tests::air::Air;
use segue_tests::build::reference;
use segue_tests::desk::Desk;
use segue_tests::record::until;

/// The stages of the pipeline, all of which a reload sets.
const STAGES: usize = 200;

/// How often they are reloaded.
const RELOADS: u32 = 20;

/// What a drive may ask for: its samples, how much its pipe takes without waiting, and to wait.
const ALLOWED: [&str; 9] = [
    "read",
    "write",
    "poll",
    "ppoll",
    "nanosleep",
    "clock_nanosleep",
    "restart_syscall",
    "ioctl FIONREAD",
    "fcntl F_GETPIPE_SZ",
];

fn pipeline(gain_db: f64) -> String {
    let mut text = "[stream]\nblock_frames = 128\n".to_owned();
    for stage in 0..STAGES {
        let gain_db = if stage % 2 == 0 { gain_db } else { -gain_db };
        text.push_str(&format!(
            "[[stage]]\nid = \"s{stage}\"\ncomponent = \"segue.gain\"\nparams.gain_db = {gain_db:?}\n"
        ));
    }
    text
}

/// The thread that plays: the one with real-time priority, or where nobody grants that the first.
fn audio_thread(process: u32) -> u32 {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let mut threads = tasks.map(|task| task.unwrap().file_name().into_string().unwrap());
    let is_real_time = |thread: &String| {
        let stat = fs::read_to_string(format!("/proc/{process}/task/{thread}/stat"));
        let stat = stat.unwrap_or_default();
        // The 41st field is the policy; names, which may hold blanks, end with the last bracket.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        fields.split_whitespace().nth(38) == Some("1")
    };
    let found = threads.find(is_real_time);
    found.map_or(process, |thread| thread.parse().unwrap())
}

/// How often each call stands in a trace; those that do many things by what they do.
fn calls(trace: &str) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for line in trace.lines() {
        let Some((name, arguments)) = line.split_once('(') else {
            continue; // A signal, or that the tracer has gone.
        };
        let is_name = |one: char| one.is_ascii_lowercase() || one == '_' || one.is_ascii_digit();
        // A call that was interrupted goes on in another line.
        if !name.chars().all(is_name) {
            continue;
        }
        let what = arguments.split([',', ')']).nth(1).unwrap_or_default();
        let call = match name {
            "ioctl" | "fcntl" => format!("{name} {}", what.trim()),
            _ => name.to_owned(),
        };
        *calls.entry(call).or_default() += 1;
    }
    calls
}

#[test]
fn the_thread_that_plays_reads_writes_and_waits_while_all_its_stages_change() {
    let desk = Desk::new();
    desk.install(reference().files());
    let air = Air::start(desk, &pipeline(1.0), &[]);
    air.wait_for(1.0);
    let thread = audio_thread(air.id()).to_string();
    let path = air.desk.path("trace");
    let mut strace = Command::new("strace");
    strace.args(["-q", "-p", &thread, "-o"]).arg(&path);
    let mut strace = strace.stderr(Stdio::null()).spawn().unwrap();
    let trace = || fs::read_to_string(&path).unwrap_or_default();
    until("the thread is traced", || {
        calls(&trace()).contains_key("write")
    });
    for reload in 1..=RELOADS {
        air.save(&pipeline(1.0 + f64::from(reload % 2)));
        let _ = air.ctl(&["reload"]).expect(0);
    }
    kill_process(Pid::from_child(&strace), Signal::INT).unwrap();
    let _ = strace.wait().unwrap();
    let mut calls = calls(&trace());
    assert!(calls["write"] > RELOADS as usize, "{calls:?}");
    calls.retain(|name, _| !ALLOWED.contains(&name.as_str()));
    assert_eq!(calls, BTreeMap::new());
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
}
