use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::thread;

use tempfile::TempDir;

use super::*;

/// What the service of a bus returns for each call, after the greeting: a type and a body.
type Script = Vec<(u8, &'static str, Vec<u8>)>;

/// A bus that knows one service; it returns what its script says, and keeps what it was asked.
struct MockBus {
    folder: TempDir,
    asked: thread::JoinHandle<Vec<String>>,
}

impl MockBus {
    fn start(greeting: &'static str, script: Script) -> Self {
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join("bus")).unwrap();
        let asked = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = vec![line(&mut stream)];
            stream.write_all(greeting.as_bytes()).unwrap();
            asked.push(line(&mut stream));
            let hello = (2, "s", b"\x04\0\0\0:1.7\0".to_vec());
            for (serial, answer) in [hello].into_iter().chain(script).enumerate() {
                let Some(call) = call(&mut stream) else {
                    break;
                };
                asked.push(call);
                let signal = message((4, "s", b"\x01\0\0\0x\0".to_vec()), 99);
                stream.write_all(&signal).unwrap();
                stream
                    .write_all(&message(answer, serial as u32 + 1))
                    .unwrap();
            }
            asked
        });
        Self { folder, asked }
    }

    fn address(&self) -> Address {
        Address::Path(self.folder.path().join("bus"))
    }
}

/// One line before messages begin; empty where nobody is there any more.
fn line(stream: &mut impl Read) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        line.push(byte[0]);
    }
    String::from_utf8_lossy(&line).into_owned()
}

/// The texts and the last bytes of a call.
fn call(stream: &mut impl Read) -> Option<String> {
    let mut head = [0; 16];
    stream.read_exact(&mut head).ok()?;
    let number = |at: usize| u32::from_le_bytes(*head[at..].first_chunk().unwrap()) as usize;
    let mut rest = vec![0; number(12).next_multiple_of(8) + number(4)];
    stream.read_exact(&mut rest).ok()?;
    Some(String::from_utf8_lossy(&rest).into_owned())
}

/// An answer to the call of that number, as bytes.
fn message((kind, signature, body): (u8, &str, Vec<u8>), reply_to: u32) -> Vec<u8> {
    let mut fields = vec![5, 1, b'u', 0];
    fields.extend(reply_to.to_le_bytes());
    fields.extend([8, 1, b'g', 0, signature.len() as u8]);
    fields.extend(signature.as_bytes());
    fields.push(0);
    let mut bytes = vec![b'l', kind, 1, 1];
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(reply_to.to_le_bytes());
    bytes.extend((fields.len() as u32).to_le_bytes());
    fields.resize(fields.len().next_multiple_of(8), 0);
    bytes.extend(fields);
    bytes.extend(body);
    bytes
}

/// What rtkit says of its limits.
fn limits(priority: i32, bound_us: i64) -> Script {
    let mut highest = b"\x01i\0\0".to_vec();
    highest.extend(priority.to_le_bytes());
    let mut bound = b"\x01x\0\0\0\0\0\0".to_vec();
    bound.extend(bound_us.to_le_bytes());
    vec![(2, "v", highest), (2, "v", bound)]
}

fn ask(bus: &MockBus) -> Result<u32, String> {
    let thread = scheduler::Thread::current();
    rtkit::make_realtime(&thread, &bus.address()).map_err(|error| error.to_string())
}

const WELCOME: &str = "OK 1234deadbeef\r\n";

#[test]
fn rtkit_is_asked_for_no_more_than_it_gives() {
    let mut script = limits(20, 200_000_000);
    script.push((2, "", Vec::new()));
    let bus = MockBus::start(WELCOME, script);
    assert_eq!(ask(&bus), Ok(20));
    let asked = bus.asked.join().unwrap();
    let user = rustix::process::getuid().as_raw().to_string();
    let hex: String = user.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(asked[0], format!("\0AUTH EXTERNAL {hex}\r\n"));
    assert_eq!(asked[1], "BEGIN\r\n");
    for (call, words) in asked[2..].iter().zip([
        "Hello",
        "MaxRealtimePriority",
        "RTTimeUSecMax",
        "MakeThreadRealtime",
    ]) {
        assert!(call.contains(words), "{words}: {call:?}");
    }
    assert!(asked[5].ends_with("\u{14}\0\0\0"), "{:?}", asked[5]);
}

#[test]
fn what_rtkit_says_instead_is_told() {
    let refusal = b"\x0e\0\0\0not in the mood\0".to_vec();
    let mut refused = limits(20, 200_000_000);
    refused.push((3, "s", b"\x03\0\0\0no!\0".to_vec()));
    let cases = [
        (WELCOME, refused, "says `no!`"),
        (WELCOME, vec![(3, "s", refusal)], "says `org"),
        (
            WELCOME,
            limits(0, 200_000),
            "allows priority 0 for 200000 µs, which is too little",
        ),
        (
            WELCOME,
            limits(20, 7),
            "allows priority 20 for 7 µs, which is too little",
        ),
        (WELCOME, vec![(2, "s", Vec::new())], "says what is no reply"),
        (WELCOME, vec![(9, "", Vec::new())], "says what is no reply"),
        (
            "REJECTED EXTERNAL\r\n",
            Vec::new(),
            "does not let this user in",
        ),
        (WELCOME, Vec::new(), "does not answer"),
    ];
    for (greeting, script, expected) in cases {
        let bus = MockBus::start(greeting, script);
        let said = ask(&bus).unwrap_err();
        let expected = expected.replace("says `org", "says `");
        assert!(said.starts_with(&expected), "{said:?} for {expected:?}");
    }
}

#[test]
fn without_a_bus_the_reason_says_so() {
    let folder = TempDir::new().unwrap();
    let thread = scheduler::Thread::current();
    let none = Address::Path(folder.path().join("none"));
    let said = rtkit::make_realtime(&thread, &none).unwrap_err();
    assert!(said.to_string().starts_with("is not there: "), "{said}");
}

/// Where this process may, it gets it, and gives it back; where not, the reason names both.
#[test]
fn a_thread_has_the_priority_for_as_long_as_it_keeps_it() {
    let folder = TempDir::new().unwrap();
    let none = Address::Path(folder.path().join("none"));
    let asked = thread::spawn(move || {
        let thread = scheduler::Thread::current();
        let before = thread.policy().unwrap();
        let priority = Priority::ask_of(&none);
        let report = priority.report();
        let during = thread.policy().unwrap();
        let heir = thread::spawn(|| scheduler::Thread::current().policy().unwrap());
        assert!(
            heir.join().unwrap().is_normal(),
            "a thread has inherited it"
        );
        drop(priority);
        assert_eq!(thread.policy().unwrap().is_normal(), before.is_normal());
        (report, during)
    });
    let (report, during) = asked.join().unwrap();
    match report.state {
        PriorityState::Granted => {
            assert_eq!(report.by, Some(PriorityGrantor::System));
            assert_eq!(during, Policy::fifo(report.priority.unwrap()));
        }
        PriorityState::Refused => {
            let reason = report.reason.unwrap();
            assert!(reason.contains("the system says") && reason.contains("rtkit is not there"));
            assert!(during.is_normal());
        }
        PriorityState::NotAsked | PriorityState::Lost => panic!("{report:?}"),
    }
}

/// A thread that runs away: the system takes the priority back, and the process lives.
#[test]
fn a_thread_that_works_without_a_pause_loses_it() {
    let folder = TempDir::new().unwrap();
    let none = Address::Path(folder.path().join("none"));
    let runaway = thread::spawn(move || {
        let priority = Priority::ask_of(&none);
        if priority.report().state == PriorityState::Granted {
            // The guard against hanging is the system's own bound of such work, which is tested.
            while priority.report().state == PriorityState::Granted {}
            let report = priority.report();
            assert_eq!(report.state, PriorityState::Lost);
            assert!(report.reason.unwrap().contains("without a pause"));
        }
    });
    runaway.join().unwrap();
}
