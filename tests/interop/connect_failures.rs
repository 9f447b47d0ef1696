//! Connections that do not come about.

use std::process::Command;

use serde_json::Value;

use crate::fixture::backlog::FullBacklog;
use crate::fixture::port;
use crate::fixture::program::{lonely_network, tapline};
use crate::probe::{Report, neutral, phase_names, probe, report};

#[test]
fn refused() {
    let port = port::closed();
    let address = format!("127.0.0.1:{port}");
    let report = probe(&[format!("http://{address}/")]).failed(
        &["connect"],
        &["connect_refused"],
        &[&address],
    );
    let exchange = report.only();
    assert_eq!(exchange["tcp"]["attempts"][0]["address"], address);
    assert_eq!(exchange["tcp"]["attempts"][0]["outcome"], "refused");
    assert_eq!(phase_names(exchange), ["connect"]);
    assert_eq!(
        (&exchange["status"], &exchange["response"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn refused_on_every_address() {
    let port = port::closed();
    let report = probe(&[
        "--resolve",
        &format!("both.test:{port}:[::1],127.0.0.1"),
        &format!("http://both.test:{port}/"),
    ])
    .failed(&["connect"], &["connect_refused"], &["both.test"]);
    let attempts = report.only()["tcp"]["attempts"]
        .as_array()
        .expect("attempts");
    let mut told: Vec<_> = attempts
        .iter()
        .map(|attempt| {
            (
                attempt["address"].as_str().unwrap(),
                attempt["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    told.sort_unstable();
    let (six, four) = (format!("[::1]:{port}"), format!("127.0.0.1:{port}"));
    assert_eq!(
        told,
        [(four.as_str(), "refused"), (six.as_str(), "refused")]
    );
}

#[test]
fn timed_out() {
    let full = FullBacklog::new();
    let address = full.address().to_string();
    let report = probe(&["--connect-timeout", "0.5", &format!("http://{address}/")]).failed(
        &["connect"],
        &["connect_timeout"],
        &[&address],
    );
    assert_eq!(
        report.only()["tcp"]["attempts"][0]["outcome"],
        "timed_out",
        "{report}"
    );
}

#[test]
fn timed_out_by_the_limit_of_the_whole_run() {
    let full = FullBacklog::new();
    let address = full.address().to_string();
    probe(&["--max-time", "0.5", &format!("http://{address}/")]).failed(
        &["connect"],
        &["connect_timeout"],
        &[&address],
    );
}

/// In a network of its own whose routes are set up by `setup`.
fn in_lonely_network(setup: &str, url: &str) -> Option<Report> {
    let unshare = lonely_network()?;
    let mut command = Command::new(unshare);
    command
        .args(["-rn", "sh", "-c", &format!("{setup}exec \"$@\""), "sh"])
        .arg(tapline());
    command.args([
        "probe",
        "--format",
        "json",
        "--capture",
        "off",
        "--connect-timeout",
        "5",
        url,
    ]);
    neutral(&mut command);
    Some(report(command))
}

#[test]
fn no_route() {
    let Some(report) = in_lonely_network("", "http://192.0.2.1:81/") else {
        return;
    };
    let report = report.failed(&["connect"], &["connect_unreachable"], &["192.0.2.1:81"]);
    assert_eq!(
        report.only()["tcp"]["attempts"][0]["outcome"],
        "unreachable",
        "{report}"
    );
}

#[test]
fn no_route_for_ipv6() {
    let Some(report) = in_lonely_network("ip link set lo up && ", "http://[2001:db8::1]:81/")
    else {
        return;
    };
    report.failed(
        &["connect"],
        &["connect_unreachable"],
        &["[2001:db8::1]:81"],
    );
}

#[test]
fn a_route_that_says_unreachable() {
    let setup = "ip link set lo up && ip route add unreachable 192.0.2.0/24 && ";
    let Some(report) = in_lonely_network(setup, "http://192.0.2.1/") else {
        return;
    };
    report.failed(&["connect"], &["connect_unreachable"], &["192.0.2.1:80"]);
}

/// The kernel answers a prohibited route with `EACCES`: a rule on this machine, not the network.
#[test]
fn a_route_that_is_prohibited() {
    let setup = "ip link set lo up && ip route add prohibit 192.0.2.0/24 && ";
    let Some(report) = in_lonely_network(setup, "http://192.0.2.1/") else {
        return;
    };
    report.failed(
        &["connect"],
        &["connect_forbidden", "connect_unreachable"],
        &["192.0.2.1:80"],
    );
}

/// What is sent into a black hole comes to nothing: the kernel says `EINVAL` at once.
#[test]
fn a_black_hole() {
    let setup = "ip link set lo up && ip route add blackhole 192.0.2.0/24 && ";
    let Some(report) = in_lonely_network(setup, "http://192.0.2.1/") else {
        return;
    };
    report.failed(
        &["connect"],
        &["connect_failed", "connect_unreachable"],
        &["192.0.2.1:80"],
    );
}

#[test]
fn no_such_socket_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("app.sock");
    let socket = socket.to_str().expect("a path");
    probe(&["--unix-socket", socket, "http://localhost/"]).failed(
        &["connect"],
        &["connect_forbidden", "connect_refused", "connect_failed"],
        &["app.sock"],
    );
}

#[test]
fn a_file_that_is_no_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plain.file");
    std::fs::write(&file, "no socket").expect("a file");
    probe(&[
        "--unix-socket",
        file.to_str().expect("a path"),
        "http://localhost/",
    ])
    .failed(
        &["connect"],
        &["connect_refused", "connect_forbidden", "connect_failed"],
        &["plain.file"],
    );
}
