//! Names that are answered oddly.

use super::*;

#[test]
fn aliases_that_stand_for_each_other_come_to_an_end() {
    if !has("dig") {
        return;
    }
    let lab = Lab::start();
    let told = lab.dig(&["alias-loop.lab.test", "A"]);
    assert!(
        told.contains("alias-loop.lab.test.\t60\tIN\tCNAME\tloop-alias.lab.test."),
        "{told}"
    );
    assert!(
        told.contains("loop-alias.lab.test.\t60\tIN\tCNAME\talias-loop.lab.test.")
            && !told.contains("\tA\t"),
        "{told}"
    );
}

#[test]
fn a_truncated_answer_is_whole_over_tcp() {
    if !has("dig") {
        return;
    }
    let lab = Lab::start();
    let over_udp = lab.dig(&["truncated.lab.test", "A", "+ignore"]);
    assert!(
        over_udp.contains(" tc") && !over_udp.contains("127.0.0.1"),
        "{over_udp}"
    );
    let over_both = lab.dig(&["truncated.lab.test", "A"]);
    assert!(
        over_both.contains("Truncated, retrying in TCP mode")
            && over_both.contains("\tA\t127.0.0.1"),
        "{over_both}"
    );
}

/// A question for the IPv4 address of a name, in DNS's own format (RFC 1035 §4.1).
fn question(id: u8, name: &str) -> Vec<u8> {
    let labels = name
        .split('.')
        .flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat());
    [0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        .into_iter()
        .chain(labels)
        .chain([0, 0, 1, 0, 1])
        .collect()
}

#[test]
fn a_slow_answer_comes_after_others() {
    let lab = Lab::start();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    socket
        .send_to(&question(1, "slow-dns.lab.test"), lab.servers.dns_server())
        .unwrap();
    socket
        .send_to(&question(2, "api.lab.test"), lab.servers.dns_server())
        .unwrap();
    let answers = [(); 2].map(|()| {
        let mut answer = [0; 512];
        let length = socket.recv(&mut answer).unwrap();
        // The identifier, and whether it tells the address.
        (
            answer[1],
            answer[..length]
                .windows(4)
                .any(|part| part == [127, 0, 0, 1]),
        )
    });
    assert_eq!(answers, [(2, true), (1, true)]);
}

#[test]
fn loopback_has_no_firewall() {
    if has("dig") {
        let lab = Lab::start();
        assert!(lab.dig(&["dropped.lab.test"]).contains("NXDOMAIN"));
    }
}
