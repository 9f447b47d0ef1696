//! A capture of real connections over loopback, by tcpdump.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long to wait for what should come at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// A capture file, and the connections in it.
pub(crate) struct Recorded {
    pub(crate) folder: TempDir,
    pub(crate) file: PathBuf,
    /// Client and server of each.
    pub(crate) connections: Vec<(SocketAddr, SocketAddr)>,
}

impl Recorded {
    /// The same in another format.
    pub(crate) fn converted(&self, format: &str) -> PathBuf {
        let file = self.folder.path().join(format!("converted.{format}"));
        let status = Command::new("editcap")
            .args(["-F", format])
            .arg(&self.file)
            .arg(&file)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        file
    }
}

/// Says that a test did not run and why, past the test harness.
pub(crate) fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr().lock(), "SKIPPED: {why} ({test})");
}

/// Whether a program is there.
pub(crate) fn has(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// An HTTP exchange, a large answer, and one over IPv6; `None`, visibly, where tcpdump is missing
/// or may not capture.
pub(crate) fn recorded(test: &str) -> Option<Recorded> {
    let listeners = ["127.0.0.1:0", "127.0.0.1:0", "[::1]:0"]
        .map(|address| TcpListener::bind(address).unwrap());
    let servers: Vec<SocketAddr> = listeners
        .iter()
        .map(|listener| listener.local_addr().unwrap())
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorded.pcap");
    let filter = servers
        .iter()
        .map(|server| format!("tcp port {}", server.port()))
        .collect::<Vec<_>>()
        .join(" or ");
    let Some(tcpdump) = Tcpdump::writing(&file, &filter) else {
        skipped(test, "tcpdump is missing or may not capture");
        return None;
    };
    let mut connections = Vec::new();
    for (listener, answer) in listeners.into_iter().zip([2_000, 3_000_000, 70_000]) {
        connections.push((exchange(listener, answer), servers[connections.len()]));
    }
    tcpdump.stop(&file, &connections);
    Some(Recorded {
        folder,
        file,
        connections,
    })
}

/// A request, answered by so many bytes. The client's address.
fn exchange(listener: TcpListener, answer: usize) -> SocketAddr {
    let server = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1_024];
        let _ = stream.read(&mut request).unwrap();
        stream.write_all(&vec![b'x'; answer]).unwrap();
    });
    let mut stream = TcpStream::connect(server).unwrap();
    let client = stream.local_addr().unwrap();
    let request: &[u8] = if server.is_ipv4() && answer < 10_000 {
        b"GET / HTTP/1.1\r\nHost: host.test:81\r\n\r\n"
    } else {
        b"answer me"
    };
    stream.write_all(request).unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    assert_eq!(received.len(), answer);
    let _ = stream.shutdown(Shutdown::Both);
    serving.join().unwrap();
    client
}

struct Tcpdump(Child);

impl Tcpdump {
    fn writing(file: &std::path::Path, filter: &str) -> Option<Self> {
        let mut command = Command::new("tcpdump");
        command
            .args([
                "-i",
                "lo",
                "-nn",
                "-U",
                "--immediate-mode",
                "-B",
                "65536",
                "-Z",
                "root",
                "-w",
            ])
            .arg(file)
            .arg(filter);
        let mut this = Self(
            command
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .ok()?,
        );
        let mut errors = BufReader::new(this.0.stderr.take()?).lines();
        let listens = errors
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.contains("listening on"));
        thread::spawn(move || errors.count());
        listens.then_some(this)
    }

    /// Waits until the end of every connection is in the file, and ends it.
    fn stop(mut self, file: &std::path::Path, connections: &[(SocketAddr, SocketAddr)]) {
        let deadline = Instant::now() + PATIENCE;
        let has_ended = |printed: &str, (client, _): &(SocketAddr, SocketAddr)| {
            let from = format!(" {}.{} > ", client.ip(), client.port());
            printed
                .lines()
                .any(|line| line.contains(&from) && line.contains("Flags [F"))
        };
        while Instant::now() < deadline {
            let printed = Command::new("tcpdump")
                .args(["-nn", "-r"])
                .arg(file)
                .stderr(Stdio::null())
                .output()
                .unwrap()
                .stdout;
            let printed = String::from_utf8_lossy(&printed);
            if connections
                .iter()
                .all(|connection| has_ended(&printed, connection))
            {
                break;
            }
        }
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        let _ = self.0.wait();
    }
}

impl Drop for Tcpdump {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
