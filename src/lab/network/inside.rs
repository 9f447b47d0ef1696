//! The lab's first process: networks, relay, servers, and the program on the client.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use rustix::process::{Pid, WaitOptions, wait};

use super::cables::Spaces;
use super::change::{Change, State};
use super::control;
use super::furnishing::furnish;
use super::outside::code_of;
use super::relay::{Relay, Shared};
use super::rights::keep_only_programs_rights;
use super::signals::Signals;
use super::threads::{on_a_thread, start_thread};
use super::{Inside, Refused};
use crate::lab::{Ground, HostAddress, NAME_SERVERS, Servers, host_addresses};
use crate::sys::{exit_now, ignore_rights_of_files};
use crate::trace::Link;

/// Told to the process outside once the lab stands.
pub(super) const READY: &str = "ready";

/// What the process outside wants.
pub(super) struct Orders {
    pub(super) link: Link,
    /// For those who ask from outside.
    pub(super) listener: UnixListener,
    pub(super) name: String,
    /// Ends when the process outside does.
    pub(super) lifeline: OwnedFd,
    /// Where to say that the lab stands, or why not.
    pub(super) teller: File,
}

/// Builds the lab, runs the program on its client, and ends with the program's exit code. With this
/// process all others of the lab end.
pub(super) fn live(orders: Orders, client: impl FnOnce(&Inside) -> Command) -> ! {
    let Orders {
        link,
        listener,
        name,
        lifeline,
        mut teller,
    } = orders;
    let of_thread = |source| Refused::new("a thread", source);
    let inside = match end_with(lifeline)
        .map_err(of_thread)
        .and_then(|()| build(link, listener, name))
    {
        Ok(inside) => inside,
        Err(refused) => {
            let _ = writeln!(teller, "{}", refused.reason);
            exit_now(1)
        }
    };
    let _ = writeln!(teller, "{READY}");
    drop(teller);
    exit_now(run(client(&inside)))
}

/// Ends this process when the one outside has ended, however that came.
fn end_with(lifeline: OwnedFd) -> io::Result<()> {
    start_thread("lifeline", move || {
        // It is never written to.
        let _ = File::from(lifeline).read(&mut [0]);
        exit_now(128 + 9)
    })
}

fn build(link: Link, listener: UnixListener, name: String) -> Result<Inside, Refused> {
    let hosts = host_addresses();
    let spaces = Arc::new(
        Spaces::new(&link, &hosts)
            .map_err(|source| Refused::new("networks joined by cables", source))?,
    );
    let shared = Shared::new(link).map_err(|source| Refused::new("an event descriptor", source))?;
    start_relay(&spaces, &hosts, &shared).map_err(|source| Refused::new("a relay", source))?;
    let ca_pem = start_servers(&spaces)?;
    let certificate = furnish(&ca_pem, &NAME_SERVERS)
        .map_err(|source| Refused::new("files of its own", source))?;
    // A kernel that cannot do this keeps programs from new rights all the same; but it refuses
    // those whose files ask for more than they may have (dumpcap), and takes what they have
    // from those that ask for less.
    let _ = ignore_rights_of_files();
    // From here on this process is on the client: what it starts is, too.
    spaces
        .client
        .enter()
        .map_err(|source| Refused::new("its client's network", source))?;
    let own = control::listen_as(&name)
        .map_err(|source| Refused::new("a socket to control the lab by", source))?;
    for listener in [listener, own] {
        let (spaces, shared) = (Arc::clone(&spaces), Arc::clone(&shared));
        start_thread("control", move || {
            control::serve(&listener, |change| perform(change, &spaces, &shared));
        })
        .map_err(|source| Refused::new("a thread", source))?;
    }
    Ok(Inside { name, certificate })
}

fn start_relay(
    spaces: &Arc<Spaces>,
    hosts: &[HostAddress],
    shared: &Arc<Shared>,
) -> io::Result<()> {
    let interfaces = spaces.inner_interfaces()?;
    let relay = spaces
        .relay
        .within(|| Relay::open(interfaces, hosts, Arc::clone(shared)))?;
    start_thread("relay", move || {
        let error = relay.run();
        let _ = writeln!(io::stderr(), "tapline: the lab's relay broke: {error}");
        exit_now(1)
    })
}

/// Starts the servers on a thread of their own; the authority's certificate.
fn start_servers(spaces: &Arc<Spaces>) -> Result<String, Refused> {
    let (sender, receiver) = sync_channel(1);
    let spaces = Arc::clone(spaces);
    let serve = move || {
        let opened = (|| {
            spaces.servers.enter()?;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let servers = {
                let _within = runtime.enter();
                Servers::open(Ground::Network).map_err(io::Error::other)?
            };
            Ok((runtime, servers))
        })();
        match opened {
            Ok((runtime, servers)) => {
                let _ = sender.send(Ok(servers.ca_pem().to_owned()));
                runtime.block_on(std::future::pending::<()>());
            }
            Err(error) => drop(sender.send(Err(error))),
        }
    };
    let opened = start_thread("servers", serve).and_then(|()| {
        receiver
            .recv()
            .unwrap_or_else(|_| Err(io::Error::other("their thread ended")))
    });
    opened.map_err(|source: io::Error| Refused::new("servers", source))
}

fn perform(change: Change, spaces: &Spaces, shared: &Shared) -> State {
    let before = shared.link();
    let link = change.applied_to(before.clone());
    let applied = (|| {
        if link.mtu != before.mtu {
            spaces.set_mtu(link.mtu)?;
        }
        if link.congestion == before.congestion {
            Ok(())
        } else {
            spaces.set_congestion(&link.congestion)
        }
    })();
    match applied {
        Ok(()) => {
            if link != before {
                shared.set(link.clone());
            }
            State::Is {
                link,
                counts: shared.counts(),
            }
        }
        Err(error) => State::Refused {
            error: format!("the link cannot be set so: {error}"),
        },
    }
}

/// Starts the program with the rights that it needs and no others: on a thread that gives them up,
/// since this one is to keep its own.
fn start(command: &mut Command) -> io::Result<Child> {
    on_a_thread(|| {
        keep_only_programs_rights().map_err(|error| {
            io::Error::other(format!("the lab's rights cannot be kept from it: {error}"))
        })?;
        command.spawn()
    })
}

/// Runs the program on the client and returns its exit code.
fn run(mut command: Command) -> u8 {
    // From the beginning, so that none is lost: to the first process of a system, signals mean
    // nothing by themselves.
    let signals = Signals::watch();
    let program = match start(&mut command) {
        Ok(child) => i32::try_from(child.id()).ok().and_then(Pid::from_raw),
        Err(error) => {
            let _ = writeln!(
                io::stderr(),
                "tapline: {} cannot be run: {error}",
                command.get_program().display()
            );
            return if error.kind() == io::ErrorKind::NotFound {
                127
            } else {
                126
            };
        }
    };
    if let (Some(program), Ok(signals)) = (program, signals)
        && let Err(error) = signals.pass_on_to(program)
    {
        // What nobody could end is ended now, together with this process.
        let _ = writeln!(
            io::stderr(),
            "tapline: signals cannot be passed on to the program, which ends: {error}"
        );
        return 1;
    }
    // The first process inherits all that others leave behind.
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((ended, status))) if Some(ended) == program => return code_of(status),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return 1,
        }
    }
}
