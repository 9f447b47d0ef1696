//! The same run, captured by tcpdump.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use tapline::trace::{Direction, FlowKey};
use tapline::wire::Transport;

use super::exchange::{ask, server};
use super::scene::{Heard, PATIENCE, on_a_thread_of_its_own, opened, skipped};

/// tcpdump on loopback, and what it prints.
struct Tcpdump {
    child: Child,
    lines: Receiver<String>,
}

impl Tcpdump {
    /// Starts it and waits until it listens; `None` where it is missing or may not.
    fn on(port: u16) -> Option<Self> {
        let mut command = Command::new("tcpdump");
        command.args([
            "-i",
            "lo",
            "-nn",
            "-q",
            "-l",
            "--immediate-mode",
            "-B",
            "16384",
            "-Z",
            "root",
            &format!("tcp port {port}"),
        ]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        let mut errors = BufReader::new(child.stderr.take()?).lines();
        let listens = errors
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.starts_with("listening on"));
        // Keeps reading, so that tcpdump never writes into a closed pipe.
        thread::spawn(move || errors.count());
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take()?).lines();
        thread::spawn(move || {
            output
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let this = Self { child, lines };
        listens.then_some(this)
    }

    /// Packets sent by the client and by the server, once there are `count` of them.
    fn counted(&self, count: u64, client: SocketAddr) -> (u64, u64) {
        let (mut sent, mut received) = (0, 0);
        let deadline = Instant::now() + PATIENCE;
        while sent + received < count {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                break;
            };
            if line.contains(&format!(" {}.{} >", client.ip(), client.port())) {
                sent += 1;
            } else if line.contains(&format!("> {}.{}:", client.ip(), client.port())) {
                received += 1;
            }
        }
        (sent, received)
    }
}

impl Drop for Tcpdump {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn tcpdump_counts_the_same_packets_in_both_directions() {
    on_a_thread_of_its_own(|| {
        let remote = server(3_000_000);
        // Before the right to capture is given up: a child would not have it either.
        let Some(tcpdump) = Tcpdump::on(remote.port()) else {
            skipped(
                "tcpdump_counts_the_same_packets",
                "tcpdump is missing or may not capture",
            );
            return;
        };
        let Some(capture) = opened("tcpdump_counts_the_same_packets") else {
            return;
        };
        let heard = Heard::expecting(&capture, remote);
        let (local, _) = ask(remote);
        let (trace, _) = heard.finished();
        let flow = trace
            .flow(&FlowKey {
                local,
                remote,
                transport: Transport::Tcp,
                reuse: 0,
            })
            .expect("the connection's packets");
        let ours = (
            flow.counts(Direction::Sent).packets,
            flow.counts(Direction::Received).packets,
        );
        assert_eq!(tcpdump.counted(ours.0 + ours.1, local), ours);
    });
}
