//! The launcher: the process outside the lab, which starts its init process, waits for it, and
//! exits with its code.
//!
//! ```text
//! launcher ─ fork ─► intermediate process ─ fork ─► init process: PID 1, so that all
//!    │ waits         creates the namespaces, exits    │ processes of the lab end with it
//!    └── lifeline pipe: its end tells the lab that the launcher is gone ──┘
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

/// Runs a program on the client of a new lab, and returns its exit code. Nothing of the lab remains
/// afterwards.
///
/// `client` creates the program's command inside the lab. The calling process must not have other
/// threads yet.
///
/// # Errors
/// The system does not allow this user the namespaces, or parts of them; nothing has happened then.
pub fn run(
    link: LinkConfig,
    client: impl FnOnce(&ClientEnvironment) -> Command,
) -> Result<u8, NetworkUnavailable> {
    let (listener, name) = control::listen_for_control()
        .map_err(|source| NetworkUnavailable::new("a control socket", source))?;
    let (status_reader, status_pipe) =
        cloexec_pipe().map_err(|source| NetworkUnavailable::new("a pipe", source))?;
    let (lifeline, lifeline_end) =
        cloexec_pipe().map_err(|source| NetworkUnavailable::new("a pipe", source))?;
    let process_error = |source| NetworkUnavailable::new("a process", source);
    // Buffered output would otherwise be written by both processes.
    let _ = io::stdout().flush();
    set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(|error| process_error(error.into()))?;
    match fork_process().map_err(process_error)? {
        Fork::Child => {
            drop((status_reader, lifeline_end));
            start_init(
                InitConfig {
                    link,
                    listener,
                    name,
                    lifeline,
                    status_pipe: status_pipe.into(),
                },
                client,
            )
        }
        Fork::Parent(intermediate) => {
            drop((status_pipe, lifeline, listener));
            let lab = wait_until_ready(status_reader, intermediate)?;
            // On failure, closing the lifeline ends the lab.
            let code = wait_for_lab(lab)
                .map_err(|source| NetworkUnavailable::new("a thread for signals", source));
            drop(lifeline_end);
            code
        }
    }
}

fn cloexec_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}

/// Waits until the lab is ready, or returns why it failed.
fn wait_until_ready(status_reader: OwnedFd, intermediate: Pid) -> Result<Pid, NetworkUnavailable> {
    let mut lines = BufReader::new(File::from(status_reader).take(1 << 16))
        .lines()
        .map_while(Result::ok);
    // The intermediate process writes the init process's ID, or why there is none; the init process
    // then writes that it is ready, or why it failed.
    let lab = lines.next().unwrap_or_default();
    let second_line = lines.next();
    let _ = waitpid(Some(intermediate), WaitOptions::empty());
    let pid = lab.parse().ok().and_then(Pid::from_raw);
    match (pid, second_line) {
        (Some(pid), Some(ready)) if ready == init::READY_LINE => Ok(pid),
        (Some(pid), reason) => {
            let _ = waitpid(Some(pid), WaitOptions::empty());
            Err(NetworkUnavailable {
                reason: reason.unwrap_or_else(|| "it ended before it was ready".to_owned()),
            })
        }
        (None, _) => Err(NetworkUnavailable { reason: lab }),
    }
}

/// Waits until the lab ends.
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

/// Exit code as shells report it: 128 plus the signal number for a process that a signal ended.
pub(super) fn exit_code(status: WaitStatus) -> u8 {
    let code = status
        .exit_status()
        .or_else(|| status.terminating_signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Creates the namespaces, forks the init process, and exits.
fn start_init(config: InitConfig, client: impl FnOnce(&ClientEnvironment) -> Command) -> ! {
    let Ok(mut status_pipe) = config.status_pipe.try_clone() else {
        exit_now(1)
    };
    let forked = enter_new_namespaces().and_then(|()| {
        fork_process().map_err(|source| NetworkUnavailable::new("a process", source))
    });
    match forked {
        Ok(Fork::Child) => init::run_init(config, client),
        Ok(Fork::Parent(lab)) => {
            let _ = writeln!(status_pipe, "{}", lab.as_raw_nonzero());
            exit_now(0)
        }
        Err(refused) => {
            let _ = writeln!(status_pipe, "{}", refused.reason);
            exit_now(1)
        }
    }
}

fn enter_new_namespaces() -> Result<(), NetworkUnavailable> {
    let user = geteuid();
    let group = getegid();
    if user.is_root() {
        return unshare_namespaces(Namespaces::MountsAndProcesses)
            .map_err(|source| NetworkUnavailable::new("new namespaces", source));
    }
    // A program with file capabilities is not dumpable, and then its user cannot write the files in
    // `/proc/self` below.
    let _ = set_dumpable_behavior(DumpableBehavior::Dumpable);
    unshare_namespaces(Namespaces::UsersMountsAndProcesses)
        .map_err(|source| NetworkUnavailable::new("new namespaces", source))?;
    // Map the user to the same IDs, so that programs run as usual; an ordinary user cannot map more
    // than that.
    let map = |file: &str, text: String| {
        fs::write(format!("/proc/self/{file}"), text)
            .map_err(|source| NetworkUnavailable::new(file, source))
    };
    map("setgroups", "deny".to_owned())?;
    map("uid_map", format!("{0} {0} 1", user.as_raw()))?;
    map("gid_map", format!("{0} {0} 1", group.as_raw()))
}
