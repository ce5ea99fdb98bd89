//! Server: the control socket of one session.
//!
//! In: clients. Out: their requests in the session's queue, and its answers back to them. It ends
//! in order: whoever waits is answered, followers get what happened until then, and the socket is
//! gone.

use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::control::connection::{self, Activity, Shared};
use crate::control::error::ControlError;
use crate::control::folder::{self, Claimed};
use crate::control::protocol::{Greeting, PROTOCOL};
use crate::control::service::Service;
use crate::process::calls::CallWatch;
use crate::swap::ask::ControlEnd;
use crate::system::streams::{self, WaitFor};
use crate::threads::{prepare_to_wait, wait_for_end};

/// How many clients may be connected. Each has a thread, mostly asleep.
pub(super) const CLIENTS_MAX: usize = 128;

/// How many threads of connections there may be: those of closed ones end in a moment.
const THREADS_MAX: usize = 2 * CLIENTS_MAX;

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
    /// The session that is asked, and whose events are followed.
    pub control: ControlEnd,
    /// The service manager, where there is one.
    pub service: Option<Arc<Service>>,
    /// Becomes a signal's number when the session has to end, though it answers nobody.
    pub stop: Arc<AtomicUsize>,
    /// Where it is seen which stage its thread is calling.
    pub watch: CallWatch,
}

/// A control socket that is open. Dropping it is stopping it.
pub struct Server {
    shared: Arc<Shared>,
    path: PathBuf,
    /// Shutting it down wakes the thread that waits for clients.
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
            greeting: greeting(name, setup.config),
            control: setup.control,
            service: setup.service,
            stop: setup.stop,
            watch: setup.watch,
            is_over: AtomicBool::new(false),
        });
        let listening = Arc::clone(&shared);
        let started = UnixStream::pair().and_then(|(wake, woken)| {
            listener.set_nonblocking(true)?;
            let thread = thread::Builder::new().name("control".to_owned());
            let handle = thread.spawn(move || {
                prepare_to_wait();
                listen(&listener, &woken, &listening);
            })?;
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

    /// Closes the socket; the session is over or takes no more requests. Waits, for a bounded
    /// time, until everybody has the last word that was for them.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        self.shared.control.end_events();
        if let Some(wake) = self.wake.take() {
            // Closing it would not do: a child that a plugin forked holds a copy.
            let _ = wake.shutdown(Shutdown::Both);
        }
        if let Some(listens) = self.listens.take() {
            wait_for_end(listens);
            folder::release(&self.path);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// A client with its thread.
struct ConnectedClient {
    thread: JoinHandle<()>,
    stream: UnixStream,
    activity: Arc<Activity>,
    /// Whether its connection was closed to make room for another.
    is_closed: bool,
}

/// Every client.
type Clients = Vec<ConnectedClient>;

/// What a client reads first; the rate is known once the stream has begun.
fn greeting(session: String, config: String) -> Greeting {
    Greeting {
        segue: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: PROTOCOL,
        session,
        pid: std::process::id(),
        config,
        sample_rate_hz: 0,
    }
}

/// Takes clients until the other end of `woken` is closed, then sees every one of them out.
fn listen(listener: &UnixListener, woken: &UnixStream, shared: &Arc<Shared>) {
    let mut clients = Clients::new();
    loop {
        let ends = [listener.as_fd(), woken.as_fd()].map(|end| (end, WaitFor::Reading));
        match streams::wait(ends, None) {
            Ok([_, woken]) if woken.is_any() => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        }
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(EXHAUSTED_PAUSE);
            continue;
        };
        clients.retain(|client| !client.thread.is_finished());
        take(stream, &mut clients, shared);
    }
    for client in &clients {
        // Nothing more is read; what is being answered still is. Who is gone already is gone.
        let _ = client.stream.shutdown(Shutdown::Read);
    }
    for client in clients {
        let _ = client.thread.join();
    }
}

/// Gives a client a thread of its own.
fn take(stream: UnixStream, clients: &mut Clients, shared: &Arc<Shared>) {
    let open = clients.iter().filter(|client| !client.is_closed).count();
    let is_full = open >= CLIENTS_MAX && !make_room(clients);
    if is_full || clients.len() >= THREADS_MAX {
        connection::turn_away(&stream, CLIENTS_MAX);
        return;
    }
    let (Ok(()), Ok(own)) = (stream.set_nonblocking(false), stream.try_clone()) else {
        return;
    };
    let shared = Arc::clone(shared);
    let activity = Arc::new(Activity::new());
    let its_own = Arc::clone(&activity);
    let thread = thread::Builder::new()
        .name("control-client".to_owned())
        .stack_size(STACK_BYTES);
    let spawned = thread.spawn(move || {
        prepare_to_wait();
        // A client that breaks off is no event of the session.
        let _ = connection::serve(&stream, &shared, &its_own);
        let _ = stream.shutdown(Shutdown::Both);
    });
    if let Ok(thread) = spawned {
        clients.push(ConnectedClient {
            thread,
            stream: own,
            activity,
            is_closed: false,
        });
    }
}

/// Closes the connection that has asked for nothing for the longest time: whoever keeps many of
/// them open must not keep the operator out. Returns whether there was one.
fn make_room(clients: &mut Clients) -> bool {
    let open = clients.iter_mut().filter(|client| !client.is_closed);
    let idle = open.filter_map(|client| Some((client.activity.idle_since()?, client)));
    let Some((_, client)) = idle.min_by_key(|(since, _)| *since) else {
        return false;
    };
    // Its thread reads the end and goes, unless a request came in this very moment.
    let _ = client.stream.shutdown(Shutdown::Both);
    client.is_closed = true;
    true
}
