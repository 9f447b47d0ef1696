//! `make bench`: whole processes against curl, run in turn on the same server, and the time to the
//! first picture.
//!
//! Every figure is the median over alternating runs; a ratio is the median of the pairs' ratios.
//! Needs nginx and curl.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench that cannot run says so by panicking"
)]
#![allow(missing_docs, reason = "a program")]

use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const TAPLINE: &str = env!("CARGO_BIN_EXE_tapline");
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

fn main() {
    if ["curl", "nginx"]
        .iter()
        .any(|tool| Command::new(tool).arg("-V").output().is_err())
    {
        println!("SKIPPED: curl and nginx are needed");
        return;
    }
    let server = Server::start();
    let ca = server.file("ca.pem");
    let store = server.file("store.pem");
    let page = format!("https://localhost:{}/page", server.tls);

    println!(
        "{:<52} {:>10} {:>10} {:>8} {:>10}",
        "", "tapline", "curl", "ratio", ""
    );
    pages(
        "1 kB HTTPS page, --cacert, capture off",
        60,
        &page,
        Some(&ca),
        None,
    );
    pages(
        "1 kB HTTPS page, system's trust store, capture off",
        40,
        &page,
        None,
        Some(&store),
    );
    for (name, url) in [
        ("HTTP", format!("http://localhost:{}/big", server.plain)),
        ("HTTPS", format!("https://localhost:{}/big", server.tls)),
    ] {
        for capture in ["off", "on"] {
            big(name, &url, &ca, capture);
        }
    }
    first_frame(&page, &ca);
}

/// A small page: wall time of the whole process.
fn pages(title: &str, runs: usize, url: &str, ca: Option<&Path>, store: Option<&Path>) {
    let curl = || {
        wall(with_trust(
            Command::new("curl").args(["-s", "-o", "/dev/null", url]),
            ca,
            store,
        ))
    };
    let tapline = || {
        wall(with_trust(
            Command::new(TAPLINE).args(["probe", "--capture", "off", "-o", "/dev/null", url]),
            ca,
            store,
        ))
    };
    let (ours, theirs, ratio) = in_turn(runs, tapline, curl);
    println!(
        "{title:<52} {:>7.2} ms {:>7.2} ms {ratio:>8.2}",
        ours * 1e3,
        theirs * 1e3
    );
}

fn with_trust<'a>(
    command: &'a mut Command,
    ca: Option<&Path>,
    store: Option<&Path>,
) -> &'a mut Command {
    if let Some(ca) = ca {
        command.arg("--cacert").arg(ca);
    }
    if let Some(store) = store {
        command
            .env("SSL_CERT_FILE", store)
            .env("CURL_CA_BUNDLE", store);
    }
    command
}

/// A 1 GiB body: speed and the peak of resident memory.
fn big(name: &str, url: &str, ca: &Path, capture: &str) {
    let probe = || {
        let mut command = Command::new(TAPLINE);
        command
            .args(["probe", "--capture", capture, "-o", "/dev/null", "--cacert"])
            .arg(ca)
            .arg(url);
        command
    };
    let curl = || {
        wall(
            Command::new("curl")
                .args(["-s", "-o", "/dev/null", "--cacert"])
                .arg(ca)
                .arg(url),
        )
    };
    let tapline = || wall(&mut probe());
    // Not in the timed runs: looking takes a core's time, and there may be as few as two.
    let peak = peak_memory(&mut probe());
    let (ours, theirs, ratio) = in_turn(9, tapline, curl);
    println!(
        "{:<52} {:>6.0} MiB/s {:>4.0} MiB/s {:>6.2} {:>7.1} MiB resident",
        format!("1 GiB over {name}, capture {capture} (ratio of speeds)"),
        1024.0 / ours,
        1024.0 / theirs,
        1.0 / ratio,
        f64::from(peak) / 1024.0
    );
}

/// Time from starting the process to the first picture on its terminal.
fn first_frame(url: &str, ca: &Path) {
    let mut times: Vec<f64> = (0..20)
        .map(|_| {
            let pty = native_pty_system()
                .openpty(PtySize {
                    rows: 36,
                    cols: 120,
                    pixel_width: 0,
                    pixel_height: 0,
                })
                .unwrap();
            let mut reader = pty.master.try_clone_reader().unwrap();
            let mut command = CommandBuilder::new(TAPLINE);
            command.args(["--cacert", &ca.to_string_lossy(), url]);
            command.env("TERM", "xterm-256color");
            let began = Instant::now();
            let mut child = pty.slave.spawn_command(command).unwrap();
            let mut seen = Vec::new();
            let mut buffer = vec![0; 65536];
            while !String::from_utf8_lossy(&seen).contains("tapline") {
                let read = reader.read(&mut buffer).unwrap();
                seen.extend_from_slice(&buffer[..read]);
            }
            let took = began.elapsed().as_secs_f64();
            child.kill().unwrap();
            child.wait().unwrap();
            took
        })
        .collect();
    println!(
        "{:<52} {:>7.2} ms",
        "first picture of the screen",
        median(&mut times) * 1e3
    );
}

/// Runs both in turn; the medians of both in seconds, and the median of the pairs' ratios.
fn in_turn(runs: usize, ours: impl Fn() -> f64, theirs: impl Fn() -> f64) -> (f64, f64, f64) {
    let (mut a, mut b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    ours();
    theirs();
    for _ in 0..runs {
        let pair = (ours(), theirs());
        a.push(pair.0);
        b.push(pair.1);
        ratios.push(pair.0 / pair.1);
    }
    (median(&mut a), median(&mut b), median(&mut ratios))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn wall(command: &mut Command) -> f64 {
    let began = Instant::now();
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let took = began.elapsed().as_secs_f64();
    assert!(status.success(), "{command:?} ended with {status}");
    took
}

/// The peak of resident memory in KiB as the kernel counts it, looked at until the end.
fn peak_memory(command: &mut Command) -> u32 {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?} ended with {status}");
            return peak;
        }
        peak = peak.max(peak_of(child.id()));
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn peak_of(process: u32) -> u32 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

/// nginx with a 1 kB page and a 1 GiB body, in the clear and over TLS.
struct Server {
    directory: PathBuf,
    plain: u16,
    tls: u16,
    process: Child,
}

impl Server {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap().keep();
        let (plain, tls) = (free_port(), free_port());
        certificates(&directory);
        fs::write(directory.join("page"), "x".repeat(1024)).unwrap();
        fs::File::create(directory.join("big"))
            .unwrap()
            .set_len(1 << 30)
            .unwrap();
        let root = directory.display();
        let config = format!(
            "daemon off; pid {root}/pid; error_log {root}/error.log; worker_processes 1;
             events {{}}
             http {{ access_log off; sendfile on; tcp_nodelay on; client_body_temp_path {root}/a; \
            proxy_temp_path {root}/b;
             fastcgi_temp_path {root}/c; uwsgi_temp_path {root}/d; scgi_temp_path {root}/e;
             server {{ listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl http2; root {root};
             ssl_certificate {root}/leaf.pem; ssl_certificate_key {root}/key.pem; ssl_protocols \
            TLSv1.2 TLSv1.3; }} }}
             user root;"
        );
        let file = directory.join("nginx.conf");
        fs::write(&file, config).unwrap();
        let process = Command::new("nginx")
            .arg("-c")
            .arg(&file)
            .arg("-e")
            .arg(directory.join("error.log"))
            .spawn()
            .unwrap();
        while TcpStream::connect(("127.0.0.1", tls)).is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Self {
            directory,
            plain,
            tls,
            process,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nginx's master ends its workers on SIGTERM; a kill would leave them.
        let _ = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// An authority, a leaf for localhost, and the system's bundle with the authority added to it.
fn certificates(directory: &Path) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority
        .distinguished_name
        .push(rcgen::DnType::CommonName, "bench authority");
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    fs::write(directory.join("ca.pem"), &authority_pem).unwrap();
    fs::write(directory.join("leaf.pem"), leaf.pem()).unwrap();
    fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
    let bundle = fs::read_to_string(BUNDLE).unwrap_or_default();
    fs::write(directory.join("store.pem"), bundle + &authority_pem).unwrap();
}
