//! A lab in a process of its own, and the way into its network: servers of the tests' own listen on
//! the far side of its link.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tapline::lab::network::{LinkChange, LinkReply, RunningLab};

/// The address of the lab's first host, which has room for more servers on other ports.
pub(crate) const HOST: &str = "10.77.0.10";
/// The client's address.
pub(crate) const CLIENT: &str = "10.77.0.1";

/// Deadline of one run: no kind takes as long.
const PATIENCE: Duration = Duration::from_secs(60);
/// Interval of looking whether a process has come so far.
const LOOK: Duration = Duration::from_millis(2);

/// Settings of an emulated link, as options of `tapline lab`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    /// Round-trip time.
    pub(crate) rtt: Duration,
    /// Further options by name, in order.
    options: Vec<(&'static str, String)>,
}

impl Link {
    pub(crate) fn rtt(millis: u64) -> Self {
        Self {
            rtt: Duration::from_millis(millis),
            options: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, option: &'static str, value: impl Into<LinkValue>) -> Self {
        self.options.push((option, value.into().0));
        self
    }

    /// The same link without some of its options.
    pub(crate) fn without(mut self, options: &[&str]) -> Self {
        self.options.retain(|(name, _)| !options.contains(name));
        self
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![format!("--rtt={}us", self.rtt.as_micros())];
        for (name, value) in &self.options {
            arguments.push(format!("--{name}={value}"));
        }
        arguments
    }
}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ms", self.rtt.as_millis())?;
        for (name, value) in &self.options {
            match *name {
                "bandwidth" => write!(f, " {value}")?,
                name => write!(f, " {name} {value}")?,
            }
        }
        Ok(())
    }
}

/// The value of an option of a link.
pub(crate) struct LinkValue(String);

impl From<String> for LinkValue {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for LinkValue {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl From<u64> for LinkValue {
    fn from(value: u64) -> Self {
        Self(value.to_string())
    }
}

/// A running lab whose program waits to be started.
pub(crate) struct Lab {
    launcher: Child,
    init: u32,
    networks: [File; 2],
}

/// Which side of the link.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    Client,
    Servers,
}

impl Lab {
    /// Starts a lab that will run a program once it is told to.
    pub(crate) fn start(
        binary: &Path,
        link: &Link,
        program: &[String],
        directory: &Path,
    ) -> io::Result<Self> {
        let launcher = Command::new(binary)
            .arg("lab")
            .args(link.arguments())
            .args(["--", "sh", "-c", "read go; exec \"$@\" </dev/null", "sh"])
            .args(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(directory.join("stderr"))?)
            .spawn()?;
        let mut waiting = Waiting {
            launcher: Some(launcher),
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((init, networks)) = waiting.ready() {
                return Ok(Self {
                    launcher: waiting.launcher.take().ok_or(io::ErrorKind::NotFound)?,
                    init,
                    networks,
                });
            }
            if waiting.has_ended() || Instant::now() > deadline {
                return Err(io::Error::other("the lab did not start"));
            }
            thread::sleep(LOOK);
        }
    }

    /// Runs a function in the network of one side, on a thread of its own.
    pub(crate) fn on<T: Send>(&self, side: Side, work: impl FnOnce() -> T + Send) -> T {
        self.within(side).run(work)
    }

    /// A way into the network of one side that may outlive this.
    pub(crate) fn within(&self, side: Side) -> Within {
        let network = self.networks[side as usize].try_clone();
        Within(network.expect("a descriptor can be duplicated"))
    }

    /// Sets a kernel parameter of one side's network, such as `ipv4/tcp_rmem`.
    pub(crate) fn set_parameter(&self, side: Side, name: &str, value: &str) {
        let path = format!("/proc/sys/net/{name}");
        self.on(side, || fs::write(path, value))
            .expect("the kernel parameter can be set");
    }

    /// Changes the link.
    pub(crate) fn link(&self) -> RunningLink {
        let user = geteuid().as_raw();
        let name = format!("tapline-lab-{user}-{}", self.launcher.id());
        RunningLink(RunningLab::with_name(name))
    }

    /// The program, to be stopped and continued; `None` once it has ended.
    pub(crate) fn program(&self) -> impl Fn() -> Option<Pid> + Send + Sync + 'static {
        let init = self.init;
        move || {
            let pid = children(init).first().copied()?;
            Pid::from_raw(i32::try_from(pid).ok()?)
        }
    }

    /// Lets the program run, reads what it writes as `read` does, and waits for it.
    pub(crate) fn run(
        mut self,
        act: Option<Box<dyn FnOnce() + Send>>,
        read: impl FnOnce(&mut dyn Read) + Send,
    ) -> io::Result<()> {
        let mut stdin = self.launcher.stdin.take().ok_or(io::ErrorKind::NotFound)?;
        stdin.write_all(b"go\n")?;
        drop(stdin);
        let mut stdout = self.launcher.stdout.take().ok_or(io::ErrorKind::NotFound)?;
        let deadline = Instant::now() + PATIENCE;
        thread::scope(|scope| {
            if let Some(act) = act {
                scope.spawn(act);
            }
            scope.spawn(move || {
                read(&mut stdout);
                io::copy(&mut stdout, &mut io::sink())
            });
            loop {
                if self.launcher.try_wait()?.is_some() {
                    return Ok(());
                }
                if Instant::now() > deadline {
                    let _ = self.launcher.kill();
                    let _ = self.launcher.wait();
                    return Err(io::Error::other("the run did not end"));
                }
                thread::sleep(LOOK);
            }
        })
    }
}

/// A way into a network.
pub(crate) struct Within(File);

impl Within {
    /// Runs a function there, on a thread of its own.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                move_into_link_name_space(self.0.as_fd(), Some(LinkNameSpaceType::Network))
                    .expect("a network namespace can be entered");
                work()
            });
            thread.join().expect("the thread ends")
        })
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if !matches!(self.launcher.try_wait(), Ok(Some(_))) {
            let _ = self.launcher.kill();
            let _ = self.launcher.wait();
        }
    }
}

/// The link of a lab while it runs.
#[derive(Clone)]
pub(crate) struct RunningLink(RunningLab);

impl RunningLink {
    /// Drops every packet from now on, or none.
    pub(crate) fn drop_all(&self, all: bool) {
        let share = if all { "100%" } else { "0%" };
        self.change(&LinkChange {
            loss: share.parse().ok(),
            ..LinkChange::default()
        });
    }

    /// Changes the delay of what is sent from now on.
    pub(crate) fn set_round_trip(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.change(&LinkChange {
            round_trip: Some(tapline::units::Nanos(nanos)),
            ..LinkChange::default()
        });
    }

    /// A lab that has ended needs no change; one that runs is expected to make it.
    fn change(&self, change: &LinkChange) {
        match self.0.send_change(change) {
            Ok(LinkReply::Current { .. }) => {}
            Ok(LinkReply::Refused { error }) => println!("the link is not changed: {error}"),
            Err(error) => println!("the link is not changed: {error}"),
        }
    }
}

/// Stops a program or lets it go on.
pub(crate) fn set_stopped(program: Pid, stopped: bool) {
    let signal = if stopped { Signal::STOP } else { Signal::CONT };
    let _ = kill_process(program, signal);
}

/// A launcher that is ended if the lab does not become ready.
struct Waiting {
    launcher: Option<Child>,
}

impl Waiting {
    /// The init process and the two sides' networks, once the program waits.
    fn ready(&self) -> Option<(u32, [File; 2])> {
        let launcher = self.launcher.as_ref()?.id();
        let init = children(launcher)
            .into_iter()
            .find(|init| thread_named(*init, "control").is_some() && !children(*init).is_empty())?;
        let servers = thread_named(init, "servers")?;
        let open = |thread| File::open(format!("/proc/{init}/task/{thread}/ns/net")).ok();
        Some((init, [open(init)?, open(servers)?]))
    }

    fn has_ended(&mut self) -> bool {
        self.launcher
            .as_mut()
            .is_none_or(|launcher| !matches!(launcher.try_wait(), Ok(None)))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(launcher) = &mut self.launcher {
            let _ = launcher.kill();
            let _ = launcher.wait();
        }
    }
}

fn threads(process: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

fn thread_named(process: u32, name: &str) -> Option<u32> {
    threads(process).into_iter().find(|thread| {
        fs::read_to_string(format!("/proc/{process}/task/{thread}/comm"))
            .is_ok_and(|comm| comm.trim() == name)
    })
}

fn children(process: u32) -> Vec<u32> {
    threads(process)
        .into_iter()
        .filter_map(|thread| {
            fs::read_to_string(format!("/proc/{process}/task/{thread}/children")).ok()
        })
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}
