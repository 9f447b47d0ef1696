//! Asking a lab how its link is set, and setting it: a line of JSON there, a line back, over a Unix-domain socket.
//!
//! The socket's name is an abstract one, so that nothing of it remains; within the lab and outside of it it is another, since such
//! names belong to a network.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::str::FromStr;
use std::time::Duration;

use rustix::process::geteuid;
use serde::{Deserialize, Serialize};

use crate::trace::{Link, LinkCounts};
use crate::units::{BitRate, Nanos, Share};

/// What the names of labs begin with; the user and the process follow.
const NAME: &str = "tapline-lab";
const LONGEST_LINE: u64 = 4_096;
const PATIENCE: Duration = Duration::from_secs(5);

/// What shall be different; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are those of `Link`")]
pub struct Change {
    pub round_trip: Option<Nanos>,
    pub jitter: Option<Nanos>,
    pub loss: Option<Share>,
    pub reorder: Option<Share>,
    pub duplicate: Option<Share>,
    pub bandwidth: Option<Limit>,
    pub mtu: Option<u16>,
    pub congestion: Option<String>,
}

/// What a link carries at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Whatever the machine can do.
    Unlimited,
    /// So much in each direction.
    Rate(BitRate),
}

impl Limit {
    const fn rate(self) -> Option<BitRate> {
        match self {
            Self::Unlimited => None,
            Self::Rate(rate) => Some(rate),
        }
    }
}

/// `10mbit`, `unlimited`.
impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "unlimited" { Ok(Self::Unlimited) } else { text.parse().map(Self::Rate) }
    }
}

impl Change {
    /// All of a link.
    pub fn to(link: Link) -> Self {
        Self {
            round_trip: Some(link.round_trip),
            jitter: Some(link.jitter),
            loss: Some(link.loss),
            reorder: Some(link.reorder),
            duplicate: Some(link.duplicate),
            bandwidth: Some(link.bandwidth.map_or(Limit::Unlimited, Limit::Rate)),
            mtu: Some(link.mtu),
            congestion: Some(link.congestion),
        }
    }

    /// The link as it is afterwards.
    pub fn applied_to(self, link: Link) -> Link {
        Link {
            round_trip: self.round_trip.unwrap_or(link.round_trip),
            jitter: self.jitter.unwrap_or(link.jitter),
            loss: self.loss.unwrap_or(link.loss),
            reorder: self.reorder.unwrap_or(link.reorder),
            duplicate: self.duplicate.unwrap_or(link.duplicate),
            bandwidth: self.bandwidth.map_or(link.bandwidth, Limit::rate),
            mtu: self.mtu.unwrap_or(link.mtu),
            congestion: self.congestion.unwrap_or(link.congestion),
            seed: link.seed,
        }
    }
}

/// What a lab says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum State {
    /// How things are.
    Is {
        /// How the link is set.
        link: Link,
        /// What it has done.
        counts: LinkCounts,
    },
    /// Why it is not as was asked.
    Refused {
        /// In a sentence.
        error: String,
    },
}

/// A lab, seen from a process that does not belong to it or that runs on its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote(String);

impl Remote {
    /// The lab with a name.
    pub fn named(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// This user's labs that run on this machine.
    ///
    /// # Errors
    /// The system does not list its sockets.
    pub fn all() -> io::Result<Vec<Self>> {
        let start = format!("@{NAME}-{}-", geteuid().as_raw());
        let listed = fs::read_to_string("/proc/net/unix")?;
        let mut names: Vec<String> = listed
            .lines()
            .filter_map(|line| line.split_whitespace().next_back())
            .filter(|name| name.starts_with(&start))
            .map(|name| name.trim_start_matches('@').to_owned())
            .collect();
        names.sort();
        names.dedup();
        Ok(names.into_iter().map(Self).collect())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Asks for a change, perhaps of nothing, and how things are then.
    ///
    /// # Errors
    /// There is no such lab any more, or it does not answer.
    pub fn ask(&self, change: &Change) -> io::Result<State> {
        let mut stream = UnixStream::connect_addr(&SocketAddr::from_abstract_name(&self.0)?)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all((serde_json::to_string(change)? + "\n").as_bytes())?;
        Ok(serde_json::from_str(&line(&stream)?)?)
    }
}

/// Listens for those who ask, under a name of this process's.
pub(super) fn listen() -> io::Result<(UnixListener, String)> {
    let name = format!("{NAME}-{}-{}", geteuid().as_raw(), std::process::id());
    listen_as(&name).map(|listener| (listener, name))
}

/// Listens under a name.
pub(super) fn listen_as(name: &str) -> io::Result<UnixListener> {
    UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)
}

/// Answers one after the other, for ever. Only this user and root are answered.
pub(super) fn serve(listener: &UnixListener, perform: impl Fn(Change) -> State) {
    for stream in listener.incoming().flatten() {
        // Who hangs up in the middle misses an answer, and that is all.
        let _ = answer(stream, &perform);
    }
}

fn answer(mut stream: UnixStream, perform: &impl Fn(Change) -> State) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let asker = rustix::net::sockopt::socket_peercred(&stream)?.uid;
    let state = if asker == geteuid() || asker.is_root() {
        match serde_json::from_str(&line(&stream)?) {
            Ok(change) => perform(change),
            Err(error) => State::Refused { error: format!("this is no change of a link: {error}") },
        }
    } else {
        State::Refused { error: "the lab belongs to another user".to_owned() }
    };
    stream.write_all((serde_json::to_string(&state)? + "\n").as_bytes())
}

fn line(stream: &UnixStream) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST_LINE)).read_line(&mut line)?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn link() -> Link {
        Link {
            round_trip: Nanos::from_millis(20),
            jitter: Nanos::ZERO,
            loss: Share::NONE,
            reorder: Share::NONE,
            duplicate: Share::NONE,
            bandwidth: Some(BitRate(1_000)),
            mtu: 1_500,
            congestion: "cubic".to_owned(),
            seed: 3,
        }
    }

    #[test]
    fn what_is_left_out_of_a_change_stays() {
        assert_eq!(Change::default().applied_to(link()), link());
        let other = Link { bandwidth: None, mtu: 1_280, ..link() };
        assert_eq!(Change::to(other.clone()).applied_to(link()), other);
        let farther = Change { round_trip: Some(Nanos::from_millis(80)), ..Change::default() };
        assert_eq!(farther.applied_to(link()).round_trip, Nanos::from_millis(80));
    }

    #[test]
    fn a_lab_is_asked_and_answers() {
        let name = format!("tapline-test-{}", std::process::id());
        let listener = listen_as(&name).unwrap();
        std::thread::spawn(move || {
            serve(&listener, |change| match change.mtu {
                Some(1_280) => State::Is { link: change.applied_to(link()), counts: LinkCounts::default() },
                _ => State::Refused { error: "no".to_owned() },
            });
        });
        let lab = Remote::named(&name);
        let asked = Change { mtu: Some(1_280), bandwidth: Some(Limit::Unlimited), ..Change::default() };
        let State::Is { link: set, .. } = lab.ask(&asked).unwrap() else { panic!("it is refused") };
        assert_eq!(set, Link { mtu: 1_280, bandwidth: None, ..link() });
        assert_eq!(lab.ask(&Change::default()).unwrap(), State::Refused { error: "no".to_owned() });
        let mut stream = UnixStream::connect_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        stream.write_all(b"{\"mtu\":\"large\"}\n").unwrap();
        assert!(line(&stream).unwrap().contains("this is no change of a link"));
    }
}
