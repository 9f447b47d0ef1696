//! The servers in a network of their own, where each host has addresses and each service its
//! standard port.

use std::net::IpAddr;

use tapline::lab::{CLIENT_V4, CLIENT_V6, Placement, Servers, host_addresses};

use super::*;

/// Set in the process that runs within the network.
const WITHIN: &str = "TAPLINE_TEST_WITHIN_NETWORK";

/// Runs this test again in a network namespace whose loopback interface has every address of the
/// lab.
fn again_within_a_network(test: &str) {
    let hosts = host_addresses();
    let v4 = hosts
        .iter()
        .filter_map(|host| host.v4)
        .chain([CLIENT_V4])
        .map(|address| format!("ip addr add {address}/32 dev lo"));
    let v6 = hosts
        .iter()
        .filter_map(|host| host.v6)
        .chain([CLIENT_V6])
        .map(|address| format!("ip addr add {address}/128 dev lo nodad"));
    let script: Vec<String> = ["ip link set lo up".to_owned()]
        .into_iter()
        .chain(v4)
        .collect();
    // A machine without IPv6 refuses these, and the lab does without.
    let script = script.join(" && ")
        + "; "
        + &v6.collect::<Vec<_>>().join(" 2>/dev/null; ")
        + "; exec \"$0\" \"$@\"";
    let program = std::env::current_exe().unwrap();
    let output = Command::new("unshare")
        .args(["-rn", "sh", "-c", &script])
        .arg(program)
        .args([test, "--exact", "--nocapture"])
        .env(WITHIN, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
}

/// Whether a network namespace can be made here; if not, says so.
fn may_unshare() -> bool {
    let may = Command::new("unshare")
        .args(["-rn", "true"])
        .status()
        .is_ok_and(|status| status.success());
    if !may {
        io::stderr()
            .write_all(b"SKIPPED: no network namespace can be made\n")
            .unwrap();
    }
    may
}

#[test]
fn every_host_has_addresses_and_every_service_its_standard_port() {
    if std::env::var_os(WITHIN).is_some() {
        look_around();
    } else if may_unshare() && has("ip") {
        again_within_a_network(
            "placement::every_host_has_addresses_and_every_service_its_standard_port",
        );
    }
}

fn look_around() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let servers = {
        let _inside = runtime.enter();
        Servers::open(Placement::Network).unwrap()
    };
    assert_eq!(
        (servers.start_url().as_str(), servers.dns_server()),
        (
            "https://api.lab.test/users",
            "10.77.0.53:53".parse().unwrap()
        )
    );
    let hosts = host_addresses();
    let api = hosts
        .iter()
        .find(|host| host.name == "api.lab.test")
        .unwrap();
    for address in api
        .v4
        .map(IpAddr::V4)
        .into_iter()
        .chain(api.v6.map(IpAddr::V6))
    {
        TcpStream::connect((address, 443)).unwrap();
        TcpStream::connect((address, 80)).unwrap();
    }
    if has("dig") {
        for host in hosts.iter().filter(|host| host.v4.is_some()) {
            let output = Command::new("dig")
                .args(["@10.77.0.53", "+short", host.name])
                .output()
                .unwrap();
            assert_eq!(
                String::from_utf8(output.stdout).unwrap().trim(),
                host.v4.unwrap().to_string()
            );
        }
    }
    let urls: HashSet<String> = servers
        .catalogue()
        .into_iter()
        .map(|entry| entry.url)
        .collect();
    for url in [
        "http://api.lab.test/users",
        "https://dropped.lab.test/users",
        "http://broken.lab.test/silence",
    ] {
        assert!(urls.contains(url), "{url} is not among {urls:?}");
    }
    let socket = UdpSocket::bind("10.77.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    socket.send_to(b"there?", "10.77.0.7:7").unwrap();
    assert_eq!(
        socket.recv_from(&mut [0; 16]).unwrap(),
        (6, "10.77.0.7:7".parse().unwrap())
    );
    TcpStream::connect("10.77.0.72:7000").unwrap();
    let refused = TcpStream::connect("10.77.0.32:443").unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    if has("curl") {
        ask_for_pages(&servers);
    }
}

fn ask_for_pages(servers: &Servers) {
    let mut ca = NamedTempFile::new().unwrap();
    ca.write_all(servers.ca_pem().as_bytes()).unwrap();
    let hosts = host_addresses();
    let resolved = hosts.iter().filter_map(|host| {
        Some([
            "--resolve".to_owned(),
            format!("{}:443:{}", host.name, host.v4?),
        ])
    });
    let resolved: Vec<String> = resolved.flatten().collect();
    let fetch = |arguments: &[&str]| {
        let ca = ca.path().to_str().unwrap();
        let output = Command::new("curl")
            .args(["-sS", "--max-time", "60", "--cacert", ca])
            .args(&resolved)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(fetch(&[&servers.start_url()]).starts_with("{\"users\":["));
    assert!(fetch(&["https://page.lab.test/"]).contains("/img/30.svg"));
    for backend in ["backend1", "backend2", "backend3", "backend1"] {
        assert!(
            fetch(&["https://balanced.lab.test/"]).contains(backend),
            "{backend}"
        );
    }
    for proxy in [
        "http://10.77.0.80:3128",
        "socks5h://class:lab@10.77.0.80:1080",
    ] {
        assert!(
            fetch(&["-x", proxy, "https://www.lab.test/users"]).starts_with("{\"users\":["),
            "{proxy}"
        );
    }
}
