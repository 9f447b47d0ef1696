//! The lab's init process (PID 1 in its namespace): sets up networks, relay and servers, and runs
//! the program on the client.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use rustix::process::{Pid, WaitOptions, wait};

use super::capabilities::restrict_capabilities;
use super::control;
use super::etc_overlay::mount_overlay;
use super::launcher::exit_code;
use super::link_change::{LinkChange, LinkReply};
use super::relay::{Relay, SharedLink};
use super::signal_forwarding::SignalForwarder;
use super::threads::{run_on_new_thread, start_thread};
use super::veth::LabNetworks;
use super::{ClientEnvironment, NetworkUnavailable};
use crate::lab::{HostAddresses, NAME_SERVERS, Placement, Servers, host_addresses};
use crate::sys::{exit_now, set_nosuid_on_mounts};
use crate::trace::LinkConfig;

/// Line sent to the launcher once the lab is ready.
pub(super) const READY_LINE: &str = "ready";

/// Input of the init process, from the launcher.
pub(super) struct InitConfig {
    pub(super) link: LinkConfig,
    /// Control socket for clients outside the lab.
    pub(super) listener: UnixListener,
    pub(super) name: String,
    /// Pipe that is closed when the launcher ends.
    pub(super) lifeline: OwnedFd,
    /// Pipe for reporting readiness, or the reason of a failure.
    pub(super) status_pipe: File,
}

/// Builds the lab, runs the program on its client, and exits with the program's exit code. All
/// other processes of the lab end with this one.
pub(super) fn run_init(
    config: InitConfig,
    client: impl FnOnce(&ClientEnvironment) -> Command,
) -> ! {
    let InitConfig {
        link,
        listener,
        name,
        lifeline,
        mut status_pipe,
    } = config;
    let thread_error = |source| NetworkUnavailable::new("a thread", source);
    let inside = match exit_with_parent(lifeline)
        .map_err(thread_error)
        .and_then(|()| build_lab(link, listener, name))
    {
        Ok(inside) => inside,
        Err(error) => {
            let _ = writeln!(status_pipe, "{}", error.reason);
            exit_now(1)
        }
    };
    let _ = writeln!(status_pipe, "{READY_LINE}");
    drop(status_pipe);
    exit_now(run_program(client(&inside)))
}

/// Ends this process when the launcher has ended, for whatever reason.
fn exit_with_parent(lifeline: OwnedFd) -> io::Result<()> {
    start_thread("lifeline", move || {
        // Nothing is ever written to it, so reading returns at the end of the pipe.
        let _ = File::from(lifeline).read(&mut [0]);
        exit_now(128 + 9)
    })
}

fn build_lab(
    link: LinkConfig,
    listener: UnixListener,
    name: String,
) -> Result<ClientEnvironment, NetworkUnavailable> {
    let hosts = host_addresses();
    let networks = Arc::new(LabNetworks::new(&link, &hosts).map_err(|source| {
        NetworkUnavailable::new("network namespaces connected by veth pairs", source)
    })?);
    let shared = SharedLink::new(link)
        .map_err(|source| NetworkUnavailable::new("an event descriptor", source))?;
    start_relay(&networks, &hosts, &shared)
        .map_err(|source| NetworkUnavailable::new("a relay", source))?;
    let ca_pem = start_servers(&networks)?;
    let certificate = mount_overlay(&ca_pem, &NAME_SERVERS)
        .map_err(|source| NetworkUnavailable::new("an overlay of system files", source))?;
    // Without it, `no_new_privs` alone prevents programs from gaining rights; but then the kernel
    // refuses to execute files with capabilities that they cannot have (dumpcap), and removes the
    // ambient capabilities of others.
    let _ = set_nosuid_on_mounts();
    // From here on this process and its children are on the client.
    networks
        .client
        .enter()
        .map_err(|source| NetworkUnavailable::new("the client's network", source))?;
    let inner_listener = control::listen_as(&name)
        .map_err(|source| NetworkUnavailable::new("a control socket", source))?;
    for listener in [listener, inner_listener] {
        let networks = Arc::clone(&networks);
        let shared = Arc::clone(&shared);
        start_thread("control", move || {
            control::serve_control(&listener, |change| apply_change(change, &networks, &shared));
        })
        .map_err(|source| NetworkUnavailable::new("a thread", source))?;
    }
    Ok(ClientEnvironment { name, certificate })
}

fn start_relay(
    networks: &Arc<LabNetworks>,
    hosts: &[HostAddresses],
    shared: &Arc<SharedLink>,
) -> io::Result<()> {
    let interfaces = networks.relay_interfaces()?;
    let relay = networks
        .relay
        .run_inside(|| Relay::open(interfaces, hosts, Arc::clone(shared)))?;
    start_thread("relay", move || {
        let error = relay.run();
        let _ = writeln!(io::stderr(), "tapline: the lab's relay failed: {error}");
        exit_now(1)
    })
}

/// Starts the servers on a thread of their own. Returns the authority's certificate.
fn start_servers(networks: &Arc<LabNetworks>) -> Result<String, NetworkUnavailable> {
    let (sender, receiver) = sync_channel(1);
    let networks = Arc::clone(networks);
    let serve = move || {
        let opened = (|| {
            networks.servers.enter()?;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let servers = {
                let _within = runtime.enter();
                Servers::open(Placement::Network).map_err(io::Error::other)?
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
    opened.map_err(|source: io::Error| NetworkUnavailable::new("servers", source))
}

fn apply_change(change: LinkChange, networks: &LabNetworks, shared: &SharedLink) -> LinkReply {
    let before = shared.link();
    let link = change.apply_to(before.clone());
    let applied = (|| {
        if link.mtu != before.mtu {
            networks.set_mtu(link.mtu)?;
        }
        if link.congestion == before.congestion {
            Ok(())
        } else {
            networks.set_congestion(&link.congestion)
        }
    })();
    match applied {
        Ok(()) => {
            if link != before {
                shared.set(link.clone());
            }
            LinkReply::Current {
                link,
                counts: shared.counts(),
            }
        }
        Err(error) => LinkReply::Refused {
            error: format!("the link cannot be changed: {error}"),
        },
    }
}

/// Starts the program with only the capabilities that it needs: on a thread that drops the others,
/// since this thread keeps its own.
fn start_program(command: &mut Command) -> io::Result<Child> {
    run_on_new_thread(|| {
        restrict_capabilities().map_err(|error| {
            io::Error::other(format!(
                "the lab's capabilities could not be dropped: {error}"
            ))
        })?;
        command.spawn()
    })
}

/// Runs the program on the client and returns its exit code.
fn run_program(mut command: Command) -> u8 {
    // Installed first, so that no signal is lost: default actions do not apply to the init process
    // of a PID namespace.
    let signals = SignalForwarder::install();
    let program = match start_program(&mut command) {
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
        && let Err(error) = signals.forward_to(program)
    {
        // A program that could not be terminated must not keep running; it ends with this process.
        let _ = writeln!(
            io::stderr(),
            "tapline: signals cannot be forwarded to the program, which is ended: {error}"
        );
        return 1;
    }
    // The init process has to reap orphaned processes, too.
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((ended, status))) if Some(ended) == program => return exit_code(status),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return 1,
        }
    }
}
