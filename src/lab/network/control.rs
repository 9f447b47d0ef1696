//! Control socket of a running lab: a line of JSON with a change of the link, a line back, over a
//! Unix-domain socket.
//!
//! The socket has an abstract name, so that no file remains. Abstract names belong to a network
//! namespace, so the lab listens on two: one outside and one inside.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::time::Duration;

use rustix::process::geteuid;

use super::link_change::{LinkChange, LinkReply};
use crate::sys::peer_user;

/// Prefix of socket names, followed by user and process ID.
const NAME_PREFIX: &str = "tapline-lab";
const MAX_LINE_BYTES: u64 = 4_096;
const IO_TIMEOUT: Duration = Duration::from_secs(5);

/// A running lab, as seen from another process or from its own client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningLab(String);

impl RunningLab {
    /// The lab with this socket name.
    pub fn with_name(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Running labs of the current user on this machine.
    ///
    /// # Errors
    /// The system does not list its sockets.
    pub fn all() -> io::Result<Vec<Self>> {
        let start = format!("@{NAME_PREFIX}-{}-", geteuid().as_raw());
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

    /// Socket name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Sends a change, which may be empty, and returns the reply.
    ///
    /// # Errors
    /// The lab is gone, or does not answer.
    pub fn send_change(&self, change: &LinkChange) -> io::Result<LinkReply> {
        let mut stream = UnixStream::connect_addr(&SocketAddr::from_abstract_name(&self.0)?)?;
        stream.set_read_timeout(Some(IO_TIMEOUT))?;
        stream.write_all((serde_json::to_string(change)? + "\n").as_bytes())?;
        Ok(serde_json::from_str(&read_line(&stream)?)?)
    }
}

/// Listens on a socket named after this process.
pub(super) fn listen_for_control() -> io::Result<(UnixListener, String)> {
    let name = format!(
        "{NAME_PREFIX}-{}-{}",
        geteuid().as_raw(),
        std::process::id()
    );
    listen_as(&name).map(|listener| (listener, name))
}

/// Listens on a socket name.
pub(super) fn listen_as(name: &str) -> io::Result<UnixListener> {
    UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)
}

/// Serves clients one after the other, forever. Only the lab's user and root are served.
pub(super) fn serve_control(listener: &UnixListener, apply: impl Fn(LinkChange) -> LinkReply) {
    for stream in listener.incoming().flatten() {
        // A client that disconnects early loses its reply, nothing else.
        let _ = answer_client(stream, &apply);
    }
}

fn answer_client(
    mut stream: UnixStream,
    apply: &impl Fn(LinkChange) -> LinkReply,
) -> io::Result<()> {
    stream.set_read_timeout(Some(IO_TIMEOUT))?;
    stream.set_write_timeout(Some(IO_TIMEOUT))?;
    let peer = peer_user(stream.as_fd())?;
    let state = if peer == geteuid() || peer.is_root() {
        match serde_json::from_str(&read_line(&stream)?) {
            Ok(change) => apply(change),
            Err(error) => LinkReply::Refused {
                error: format!("not a valid change of the link: {error}"),
            },
        }
    } else {
        LinkReply::Refused {
            error: "the lab belongs to another user".to_owned(),
        }
    };
    stream.write_all((serde_json::to_string(&state)? + "\n").as_bytes())
}

fn read_line(stream: &UnixStream) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream.take(MAX_LINE_BYTES)).read_line(&mut line)?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::lab::network::link_change::BandwidthLimit;
    use crate::lab::network::link_change::tests::sample_link;
    use crate::trace::{LinkConfig, LinkCounts};

    #[test]
    fn a_lab_is_asked_and_answers() {
        let name = format!("tapline-test-{}", std::process::id());
        let listener = listen_as(&name).unwrap();
        std::thread::spawn(move || {
            serve_control(&listener, |change| match change.mtu {
                Some(1_280) => LinkReply::Current {
                    link: change.apply_to(sample_link()),
                    counts: LinkCounts::default(),
                },
                _ => LinkReply::Refused {
                    error: "no".to_owned(),
                },
            });
        });
        let lab = RunningLab::with_name(&name);
        let change = LinkChange {
            mtu: Some(1_280),
            bandwidth: Some(BandwidthLimit::Unlimited),
            ..LinkChange::default()
        };
        let LinkReply::Current { link: set, .. } = lab.send_change(&change).unwrap() else {
            panic!("it is refused")
        };
        assert_eq!(
            set,
            LinkConfig {
                mtu: 1_280,
                bandwidth: None,
                ..sample_link()
            }
        );
        assert_eq!(
            lab.send_change(&LinkChange::default()).unwrap(),
            LinkReply::Refused {
                error: "no".to_owned()
            }
        );
        let mut stream =
            UnixStream::connect_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        stream.write_all(b"{\"mtu\":\"large\"}\n").unwrap();
        assert!(
            read_line(&stream)
                .unwrap()
                .contains("not a valid change of the link")
        );
    }
}
