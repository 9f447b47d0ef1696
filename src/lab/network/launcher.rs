//! The process that stays outside: it starts the lab, waits for it, and ends as it ended.
//!
//! ```text
//! this process ─ fork ─► one that leaves the namespaces ─ fork ─► the lab: first process of its own, so that all others in it end
//!      │  waits                     ends                              │   with it, however it ends
//!      └── a pipe: when this process is gone, its end tells the lab ──┘
//! ```

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::process::Command;

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    DumpableBehavior, Pid, WaitOptions, WaitStatus, getegid, geteuid, set_child_subreaper,
    set_dumpable_behavior, waitpid,
};

use super::init::{self, InitConfig};
use super::signal_forwarding::SignalForwarder;
use super::{ClientEnvironment, NetworkUnavailable, control};
use crate::sys::{Fork, Namespaces, exit_now, fork_process, unshare_namespaces};
use crate::trace::LinkConfig;

/// Runs a program on the client of a new lab, and returns its exit code. Nothing of the lab is left
/// afterwards.
///
/// `client` makes the program's command, within the lab. The caller's process must have no other
/// thread yet.
///
/// # Errors
/// The system does not let this user have a network of his own, or parts of it; nothing has
/// happened then.
pub fn run(
    link: LinkConfig,
    client: impl FnOnce(&ClientEnvironment) -> Command,
) -> Result<u8, NetworkUnavailable> {
    let (listener, name) = control::listen_for_control()
        .map_err(|source| NetworkUnavailable::new("a socket to control the lab by", source))?;
    let (news, teller) =
        cloexec_pipe().map_err(|source| NetworkUnavailable::new("a pipe", source))?;
    let (lifeline, held) =
        cloexec_pipe().map_err(|source| NetworkUnavailable::new("a pipe", source))?;
    let forked = |source| NetworkUnavailable::new("a process", source);
    // What waits to be written would be written twice.
    let _ = io::stdout().flush();
    set_child_subreaper(Some(rustix::process::getpid())).map_err(|error| forked(error.into()))?;
    match fork_process().map_err(forked)? {
        Fork::Child => {
            drop((news, held));
            start_init(
                InitConfig {
                    link,
                    listener,
                    name,
                    lifeline,
                    status_pipe: teller.into(),
                },
                client,
            )
        }
        Fork::Parent(between) => {
            drop((teller, lifeline, listener));
            let lab = wait_until_ready(news, between)?;
            // Where this fails, the lab ends with what is held.
            let code = wait_for_lab(lab)
                .map_err(|source| NetworkUnavailable::new("a thread for signals", source));
            drop(held);
            code
        }
    }
}

fn cloexec_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}

/// Waits until the lab stands, or for the reason why it cannot.
fn wait_until_ready(news: OwnedFd, between: Pid) -> Result<Pid, NetworkUnavailable> {
    let mut told = BufReader::new(File::from(news).take(1 << 16))
        .lines()
        .map_while(Result::ok);
    let lab = told.next().unwrap_or_default();
    let verdict = told.next();
    let _ = waitpid(Some(between), WaitOptions::empty());
    let pid = lab.parse().ok().and_then(Pid::from_raw);
    match (pid, verdict) {
        (Some(pid), Some(ready)) if ready == init::READY_LINE => Ok(pid),
        (Some(pid), reason) => {
            let _ = waitpid(Some(pid), WaitOptions::empty());
            Err(NetworkUnavailable {
                reason: reason.unwrap_or_else(|| "it ended before it stood".to_owned()),
            })
        }
        (None, _) => Err(NetworkUnavailable { reason: lab }),
    }
}

/// Waits for the end of the lab.
fn wait_for_lab(lab: Pid) -> io::Result<u8> {
    if let Ok(signals) = SignalForwarder::install() {
        signals.forward_to(lab)?;
    }
    loop {
        match waitpid(Some(lab), WaitOptions::empty()) {
            Ok(Some((_, status))) => return Ok(exit_code(status)),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Ok(1),
        }
    }
}

/// As shells have it: 128 and the signal's number for who was ended by one.
pub(super) fn exit_code(status: WaitStatus) -> u8 {
    let code = status
        .exit_status()
        .or_else(|| status.terminating_signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Leaves the namespaces, starts the lab's first process, and ends.
fn start_init(orders: InitConfig, client: impl FnOnce(&ClientEnvironment) -> Command) -> ! {
    let Ok(mut teller) = orders.status_pipe.try_clone() else {
        exit_now(1)
    };
    let forked = enter_new_namespaces().and_then(|()| {
        fork_process().map_err(|source| NetworkUnavailable::new("a process", source))
    });
    match forked {
        Ok(Fork::Child) => init::run_init(orders, client),
        Ok(Fork::Parent(lab)) => {
            let _ = writeln!(teller, "{}", lab.as_raw_nonzero());
            exit_now(0)
        }
        Err(refused) => {
            let _ = writeln!(teller, "{}", refused.reason);
            exit_now(1)
        }
    }
}

fn enter_new_namespaces() -> Result<(), NetworkUnavailable> {
    let (user, group) = (geteuid(), getegid());
    if user.is_root() {
        return unshare_namespaces(Namespaces::MountsAndProcesses)
            .map_err(|source| NetworkUnavailable::new("namespaces of its own", source));
    }
    // A program that was given a capability is not to be looked at by its user, who then may not
    // write what follows.
    let _ = set_dumpable_behavior(DumpableBehavior::Dumpable);
    unshare_namespaces(Namespaces::UsersMountsAndProcesses)
        .map_err(|source| NetworkUnavailable::new("namespaces of its own", source))?;
    // The user stays who he is, so that programs run as they always do; an ordinary user may map no
    // more than himself.
    let map = |file: &str, text: String| {
        fs::write(format!("/proc/self/{file}"), text)
            .map_err(|source| NetworkUnavailable::new(file, source))
    };
    map("setgroups", "deny".to_owned())?;
    map("uid_map", format!("{0} {0} 1", user.as_raw()))?;
    map("gid_map", format!("{0} {0} 1", group.as_raw()))
}
