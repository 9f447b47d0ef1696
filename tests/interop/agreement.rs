//! Each phase against curl's `-w` in the same run: within 5 % or 1 ms.
//!
//! The servers are behind a long line (a relay that delays each way) and a slow backend, so that
//! the phases are tens of milliseconds and the comparison means something. Both tools run in turn,
//! medians are compared, and where they differ more rounds are added to the same medians: noise
//! goes away with more samples, a deviation does not.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::curl;
use crate::fixture::apache::Apache;
use crate::fixture::backlog::FullBacklog;
use crate::fixture::dns::{Answer, DnsServer, LOOPBACKS, Reply};
use crate::fixture::message::{read_request, response};
use crate::fixture::nginx::Nginx;
use crate::fixture::program::{installed, is_root, skipped, tapline};
use crate::fixture::recorder::Recorder;
use crate::fixture::relay;
use crate::fixture::site::{Ports, Site};
use crate::probe::{Report, neutral, phase, probe, run};

/// One way's delay of the long line. A handshake is then 100 ms or 200 ms, of which 5 % are more
/// than the few milliseconds that curl works for itself within its TLS mark (it sets OpenSSL up and
/// reads the trust store there).
const DELAY: Duration = Duration::from_millis(50);
/// Runs of each tool at first, and at most.
const ROUNDS: usize = 3;
const MOST_ROUNDS: usize = 24;

/// What both tools can tell, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Phases {
    dns: f64,
    connect: f64,
    tls: f64,
    /// Sending and waiting: curl before 8.10 has no mark between them.
    wait: f64,
    receive: f64,
    total: f64,
}

impl Phases {
    const NAMES: [&str; 6] = ["dns", "connect", "tls", "send and wait", "receive", "total"];

    const fn values(self) -> [f64; 6] {
        [
            self.dns,
            self.connect,
            self.tls,
            self.wait,
            self.receive,
            self.total,
        ]
    }

    /// From curl's cumulative marks.
    fn of_curl(figures: &Value) -> Self {
        let mark = |name: &str| {
            figures[name]
                .as_f64()
                .unwrap_or_else(|| panic!("curl has no {name}: {figures}"))
                * 1e3
        };
        let (dns, connect, first, total) = (
            mark("time_namelookup"),
            mark("time_connect"),
            mark("time_starttransfer"),
            mark("time_total"),
        );
        let secured = if mark("time_appconnect") > 0.0 {
            mark("time_appconnect")
        } else {
            connect
        };
        Self {
            dns,
            connect: connect - dns,
            tls: secured - connect,
            wait: first - secured,
            receive: total - first,
            total,
        }
    }

    fn of_tapline(report: &Report) -> Self {
        let exchange = report.only();
        let took = |name: &str| phase(exchange, name).unwrap_or(0.0) / 1e6;
        Self {
            dns: took("dns"),
            connect: took("connect"),
            tls: took("tls"),
            wait: took("send") + took("wait"),
            receive: took("receive"),
            total: exchange["curl"]["time_total"].as_f64().expect("a total") * 1e3,
        }
    }
}

/// Runs both in turn until their medians agree.
fn agree(what: &str, mut ours: impl FnMut() -> Phases, mut theirs: impl FnMut() -> Phases) {
    let (mut our_samples, mut their_samples) = (Vec::new(), Vec::new());
    loop {
        for _ in 0..ROUNDS {
            our_samples.push(ours());
            their_samples.push(theirs());
        }
        let Some(difference) = difference(&our_samples, &their_samples) else {
            return;
        };
        assert!(
            our_samples.len() < MOST_ROUNDS,
            "{what}: {difference}\ntapline {our_samples:.2?}\ncurl {their_samples:.2?}"
        );
    }
}

/// The first phase whose medians lie further apart than 5 % and 1 ms.
fn difference(ours: &[Phases], theirs: &[Phases]) -> Option<String> {
    let median = |samples: &[Phases], phase: usize| {
        let mut values: Vec<f64> = samples
            .iter()
            .map(|sample| sample.values()[phase])
            .collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Phases::NAMES.iter().enumerate().find_map(|(i, name)| {
        let (our, their) = (median(ours, i), median(theirs, i));
        let allowed = (their * 0.05).max(1.0);
        ((our - their).abs() > allowed).then(|| {
            format!(
                "{name}: tapline {our:.2} ms, curl {their:.2} ms, {allowed:.2} ms apart are allowed"
            )
        })
    })
}

fn servers_agree(site: &Site, ports: Ports, option: &str) {
    let root = site.authority.root();
    for ip in [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ] {
        for (port, scheme) in [
            (ports.tls12, "https"),
            (ports.tls13, "https"),
            (ports.plain, "http"),
        ] {
            if scheme == "http" && option == "--http2" {
                continue;
            }
            let line = relay::to(SocketAddr::from((ip, port)), ip, DELAY);
            let url = format!("{scheme}://{}/slow", line.address());
            let args = [option, "--cacert", &root, &url];
            agree(
                &format!("{url} {option}, server port {port} of {ports:?}"),
                || Phases::of_tapline(&probe(&args).ok()),
                || Phases::of_curl(&curl::figures(&args).expect("curl")),
            );
        }
    }
}

#[test]
fn nginx_over_http_1() {
    let site = Site::new();
    let (Some(_), Some(nginx)) = (installed("curl"), Nginx::start(&site)) else {
        return;
    };
    servers_agree(&site, nginx.ports, "--http1.1");
}

#[test]
fn nginx_over_http_2() {
    let site = Site::new();
    let (Some(_), Some(nginx)) = (installed("curl"), Nginx::start(&site)) else {
        return;
    };
    servers_agree(&site, nginx.ports, "--http2");
}

#[test]
fn apache_over_http_1() {
    let site = Site::new();
    let (Some(_), Some(apache)) = (installed("curl"), Apache::start(&site)) else {
        return;
    };
    servers_agree(&site, apache.ports, "--http1.1");
}

#[test]
fn apache_over_http_2() {
    let site = Site::new();
    let (Some(_), Some(apache)) = (installed("curl"), Apache::start(&site)) else {
        return;
    };
    servers_agree(&site, apache.ports, "--http2");
}

/// The first SYN is dropped and the second, a second later, is answered: a long connect phase on
/// loopback.
#[test]
fn a_connect_that_needs_a_second_syn() {
    let Some(_) = installed("curl") else { return };
    let through = |run: &dyn Fn(&str) -> Phases| {
        let full = FullBacklog::new();
        let url = format!("http://{}/", full.address());
        let server = std::thread::spawn(move || {
            // The retransmission comes one second after the first SYN (RFC 6298 §2.1).
            for mut stream in full.open_after_a_lost_syn().incoming().flatten() {
                if read_request(&mut stream).is_some() {
                    return stream
                        .write_all(&response("200 OK", &[("Connection", "close")], b"hello"))
                        .expect("answering");
                }
            }
        });
        let phases = run(&url);
        server.join().expect("the server");
        phases
    };
    let ours = through(&|url| Phases::of_tapline(&probe(&[url]).ok()));
    let theirs = through(&|url| Phases::of_curl(&curl::figures(&[url]).expect("curl")));
    assert!(
        ours.connect > 900.0 && theirs.connect > 900.0,
        "{ours:?} {theirs:?}"
    );
    let apart = (ours.connect - theirs.connect).abs();
    assert!(apart <= theirs.connect * 0.05, "{ours:?} {theirs:?}");
}

/// Both tools with the same `/etc/resolv.conf`, whose server takes its time.
#[test]
fn a_slow_dns_server() {
    let (Some(_), Some(unshare)) = (installed("curl"), installed("unshare")) else {
        return;
    };
    if !is_root() {
        return skipped("only root may put another resolv.conf in place");
    }
    let slow = |question: &_| {
        Reply::Late(
            Duration::from_millis(60),
            Answer::addresses(question, &LOOPBACKS[1..]).bytes(question),
        )
    };
    let own = u8::try_from(std::process::id() % 250).expect("small") + 1;
    let Some(dns) = DnsServer::on_port_53(Ipv4Addr::new(127, 73, 53, own), slow) else {
        return skipped("port 53 is taken");
    };
    let server = Recorder::ok();
    let folder = tempfile::tempdir().expect("a folder");
    let resolver = folder.path().join("resolv.conf");
    std::fs::write(&resolver, format!("nameserver {}\n", dns.address().ip()))
        .expect("writing resolv.conf");
    let url = format!("http://www.slow.test:{}/", server.port());
    let under = |program: &str, args: &[&str]| {
        let mut command = Command::new(&unshare);
        command
            .args([
                "-m",
                "sh",
                "-c",
                "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"",
            ])
            .arg(&resolver)
            .arg(program)
            .args(args);
        neutral(&mut command);
        command
    };
    if run(under("true", &[])).status != Some(0) {
        return skipped("mounts are not allowed here");
    }
    let ours = ["probe", "--format", "json", "--capture", "off", &url];
    let theirs = ["-q", "-sS", "-o", "/dev/null", "-w", "%{json}", &url];
    agree(
        "a slow DNS server",
        || {
            Phases::of_tapline(
                &crate::probe::report(under(tapline().to_str().expect("a path"), &ours)).ok(),
            )
        },
        || {
            Phases::of_curl(
                &serde_json::from_slice(&run(under("curl", &theirs)).stdout)
                    .expect("curl's figures"),
            )
        },
    );
    assert!(
        dns.asked()
            .iter()
            .any(|question| question.name == "www.slow.test")
    );
}
