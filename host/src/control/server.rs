//! Server: the control socket of one session.
//!
//! In: clients. Out: their requests in the session's queue, and its answers back to them. It ends
//! in order: whoever waits is answered, followers get what happened until then, and the socket is
//! gone.

use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::control::broadcast::Broadcast;
use crate::control::connection::{self, Shared};
use crate::control::error::ControlError;
use crate::control::folder::{self, Claimed};
use crate::control::protocol::{Greeting, PROTOCOL};
use crate::control::service::Service;
use crate::observe::EventSink;
use crate::swap::ask::Asked;

/// How many clients may be connected. Each has a thread, mostly asleep.
pub(super) const CLIENTS_MAX: usize = 128;

/// The stack of a connection's thread, in bytes: it reads a line of JSON, at most 128 deep.
const STACK_BYTES: usize = 512 * 1024;

/// How long to wait where the system has no descriptor for one more client.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// What a server needs.
pub struct Setup {
    /// The folder of the sockets; it is made if it is not there.
    pub folder: PathBuf,
    /// What the session would like to be called.
    pub name: String,
    /// Its configuration, as people know it.
    pub config: String,
    /// The session's queue, `ASKED_MAX` long.
    pub sender: SyncSender<Asked>,
    /// The service manager, where there is one.
    pub service: Option<Arc<Service>>,
    /// Becomes a signal's number when the session has to end, though it answers nobody.
    pub stop: Arc<AtomicUsize>,
}

/// A control socket that is open. Dropping it is stopping it.
pub struct Server {
    shared: Arc<Shared>,
    path: PathBuf,
    /// Closing it wakes the thread that waits for clients.
    wake: Option<UnixStream>,
    listens: Option<JoinHandle<()>>,
}

impl Server {
    /// Opens the socket of a session. Thread: control.
    ///
    /// # Errors
    /// Why there is no socket. A session can do without.
    pub fn start(setup: Setup) -> Result<Self, ControlError> {
        let Claimed {
            listener,
            name,
            path,
        } = folder::claim(&setup.folder, &setup.name)?;
        let shared = Arc::new(Shared {
            greeting: Greeting {
                segue: env!("CARGO_PKG_VERSION").to_owned(),
                protocol: PROTOCOL,
                session: name,
                pid: std::process::id(),
                config: setup.config,
                sample_rate_hz: 0,
            },
            sender: setup.sender,
            broadcast: Arc::default(),
            service: setup.service,
            stop: setup.stop,
            is_over: AtomicBool::new(false),
        });
        let listening = Arc::clone(&shared);
        let started = UnixStream::pair().and_then(|(wake, woken)| {
            listener.set_nonblocking(true)?;
            let thread = thread::Builder::new().name("control".to_owned());
            let handle = thread.spawn(move || listen(&listener, &woken, &listening))?;
            Ok((wake, handle))
        });
        match started {
            Ok((wake, listens)) => Ok(Self {
                shared,
                path,
                wake: Some(wake),
                listens: Some(listens),
            }),
            Err(error) => {
                folder::release(&path);
                Err(ControlError::Thread(error))
            }
        }
    }

    /// What the session is called: as it wished, or with a number behind it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.greeting.session
    }

    /// Where the socket is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the session's events for those who follow them.
    #[must_use]
    pub fn events(&self) -> Arc<dyn EventSink> {
        Arc::<Broadcast>::clone(&self.shared.broadcast)
    }

    /// Closes the socket; the session is over or takes no more requests. Waits, for a bounded
    /// time, until everybody has the last word that was for them.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        self.shared.broadcast.end();
        drop(self.wake.take());
        if let Some(listens) = self.listens.take() {
            // A thread that panicked has told its story; there is nothing to undo.
            let _ = listens.join();
            folder::release(&self.path);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Clients with their threads.
type Clients = Vec<(JoinHandle<()>, UnixStream)>;

/// Takes clients until the other end of `woken` is closed, then sees every one of them out.
fn listen(listener: &UnixListener, woken: &UnixStream, shared: &Arc<Shared>) {
    let mut clients = Clients::new();
    loop {
        let mut ends = [
            PollFd::new(listener, PollFlags::IN),
            PollFd::new(woken, PollFlags::IN),
        ];
        match poll(&mut ends, None) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(_) => break,
        }
        if !ends[1].revents().is_empty() {
            break;
        }
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(EXHAUSTED_PAUSE);
            continue;
        };
        clients.retain(|(thread, _)| !thread.is_finished());
        take(stream, &mut clients, shared);
    }
    for (_, stream) in &clients {
        // Nothing more is read; what is being answered still is. Who is gone already is gone.
        let _ = stream.shutdown(Shutdown::Read);
    }
    for (thread, _) in clients {
        let _ = thread.join();
    }
}

/// Gives a client a thread of its own.
fn take(stream: UnixStream, clients: &mut Clients, shared: &Arc<Shared>) {
    if clients.len() >= CLIENTS_MAX {
        connection::turn_away(&stream, CLIENTS_MAX);
        return;
    }
    let (Ok(()), Ok(own)) = (stream.set_nonblocking(false), stream.try_clone()) else {
        return;
    };
    let shared = Arc::clone(shared);
    let thread = thread::Builder::new()
        .name("control-client".to_owned())
        .stack_size(STACK_BYTES);
    let spawned = thread.spawn(move || {
        // A client that breaks off is no event of the session.
        let _ = connection::serve(&stream, &shared);
        let _ = stream.shutdown(Shutdown::Both);
    });
    if let Ok(handle) = spawned {
        clients.push((handle, own));
    }
}
