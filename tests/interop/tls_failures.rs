//! Handshakes that fail, and certificates that should not be trusted.

use std::io::{Read as _, Write as _};

use crate::fixture::certificate::{Authority, Flaw};
use crate::fixture::message::{read_request, response};
use crate::fixture::nginx::Nginx;
use crate::fixture::peer::{Duplex, Peer, drain, linger, reset};
use crate::fixture::site::Site;
use crate::probe::{Report, phase_names, probe, probe_within};

/// An HTTPS server with a flaw in its certificate.
fn flawed(authority: &Authority, flaw: Flaw) -> Peer {
    Peer::tls(
        authority.identity(flaw).server(rustls::ALL_VERSIONS, &[]),
        say_hello,
    )
}

fn say_hello(mut stream: &mut dyn Duplex) {
    if read_request(&mut stream).is_some() {
        let _ = stream.write_all(&response("200 OK", &[], b"hello"));
    }
}

/// Probes with the authority's root as the only trust anchor.
fn ask(authority: &Authority, peer: &Peer, options: &[&str]) -> Report {
    let root = authority.root();
    let url = format!("https://localhost:{}/", peer.port());
    probe(&[&["-4", "--cacert", &root], options, &[&url]].concat())
}

/// The chain is in the document although it was refused.
fn refused(flaw: Flaw, code: &str, names: &[&str]) {
    let authority = Authority::new();
    let peer = flawed(&authority, flaw);
    let report = ask(&authority, &peer, &[]).failed(&["tls"], &[code], names);
    let tls = &report.only()["tls"];
    assert_eq!(tls["verified"], false, "{report}");
    let chain = tls["certificates"].as_array().expect("the chain");
    assert!(
        chain.first().is_some_and(|leaf| leaf["subject"]
            .as_str()
            .is_some_and(|name| name.contains("Interop Leaf"))),
        "{report}"
    );
    assert_eq!(
        chain.len(),
        if matches!(flaw, Flaw::SelfSigned | Flaw::IncompleteChain) {
            1
        } else {
            2
        },
        "{report}"
    );
    assert_eq!(phase_names(report.only()).last(), Some(&"tls"), "{report}");
}

#[test]
fn expired() {
    refused(
        Flaw::Expired,
        "tls_certificate_expired",
        &["Interop Leaf", "2021-01-01"],
    );
}

#[test]
fn not_yet_valid() {
    refused(
        Flaw::NotYetValid,
        "tls_certificate_not_yet_valid",
        &["Interop Leaf", "2090-01-01"],
    );
}

#[test]
fn wrong_host() {
    refused(
        Flaw::WrongHost,
        "tls_certificate_wrong_host",
        &["localhost", "elsewhere.test"],
    );
}

#[test]
fn self_signed() {
    refused(
        Flaw::SelfSigned,
        "tls_certificate_self_signed",
        &["Interop Leaf"],
    );
}

#[test]
fn incomplete_chain() {
    refused(
        Flaw::IncompleteChain,
        "tls_certificate_incomplete_chain",
        &["Interop Intermediate"],
    );
}

#[test]
fn unknown_authority() {
    let (authority, other) = (Authority::new(), Authority::new());
    let peer = flawed(&authority, Flaw::None);
    let report = ask(&other, &peer, &[]);
    // Its root has the same name and another key, which may show as a bad signature.
    report.failed(
        &["tls"],
        &["tls_certificate_unknown_issuer", "tls_certificate_invalid"],
        &["Interop Leaf"],
    );
}

#[test]
fn the_system_does_not_know_the_authority() {
    let authority = Authority::new();
    let peer = flawed(&authority, Flaw::None);
    probe(&["-4", &format!("https://localhost:{}/", peer.port())]).failed(
        &["tls"],
        &["tls_certificate_unknown_issuer"],
        &["Interop Root"],
    );
}

/// With `-k` the run goes on, and the document says that the chain was not trusted.
#[test]
fn insecure_goes_on_with_every_flaw() {
    let authority = Authority::new();
    for flaw in [
        Flaw::Expired,
        Flaw::NotYetValid,
        Flaw::WrongHost,
        Flaw::SelfSigned,
        Flaw::IncompleteChain,
    ] {
        let peer = flawed(&authority, flaw);
        let report = ask(&authority, &peer, &["-k"]).ok();
        assert_eq!(
            report.only()["tls"]["verified"],
            false,
            "{flaw:?}\n{report}"
        );
        assert_eq!(report.only()["status"], 200);
    }
}

#[test]
fn the_server_wants_another_version() {
    let authority = Authority::new();
    for (version, asked) in [
        (&rustls::version::TLS12, ["--tlsv1.3"].as_slice()),
        (&rustls::version::TLS13, &["--tls-max", "1.2"]),
    ] {
        let config = authority.identity(Flaw::None).server(&[version], &[]);
        let peer = Peer::tls(config, say_hello);
        ask(&authority, &peer, asked).failed(&["tls"], &["tls_version"], &["TLS"]);
    }
}

#[test]
fn nginx_wants_another_version() {
    let site = Site::new();
    let Some(nginx) = Nginx::start(&site) else {
        return;
    };
    let root = site.authority.root();
    for (port, asked) in [
        (nginx.ports.tls12, ["--tlsv1.3"].as_slice()),
        (nginx.ports.tls13, &["--tls-max", "1.2"]),
    ] {
        let url = format!("https://127.0.0.1:{port}/");
        probe(&[asked, &["--cacert", &root, &url]].concat()).failed(
            &["tls"],
            &["tls_version"],
            &[],
        );
    }
}

/// Reads the `ClientHello`, so that what follows is an answer to it.
fn take_hello(stream: &mut std::net::TcpStream) {
    let mut header = [0; 5];
    if stream.read_exact(&mut header).is_ok() {
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        let _ = stream.read_exact(&mut vec![0; length]);
    }
}

#[test]
fn reset_within_the_handshake() {
    let peer = Peer::tcp(|mut stream| {
        take_hello(&mut stream);
        reset(stream);
    });
    let report =
        probe(&[format!("https://{}/", peer.address())]).failed(&["tls"], &["tls_closed"], &[]);
    assert_eq!(phase_names(report.only()), ["connect", "tls"]);
}

#[test]
fn closed_within_the_handshake() {
    let peer = Peer::tcp(|mut stream| {
        take_hello(&mut stream);
        linger(&stream);
    });
    probe(&[format!("https://{}/", peer.address())]).failed(&["tls"], &["tls_closed"], &[]);
}

/// A `ServerHello`'s record begins, and nothing comes after it.
#[test]
fn closed_within_a_record() {
    let peer = Peer::tcp(|mut stream| {
        take_hello(&mut stream);
        let _ = stream.write_all(&[22, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3]);
        linger(&stream);
    });
    probe(&[format!("https://{}/", peer.address())]).failed(&["tls"], &["tls_closed"], &[]);
}

#[test]
fn no_answer_to_the_hello() {
    let peer = Peer::tcp(|mut stream| drain(&mut stream));
    probe_within(&["tls"], &[format!("https://{}/", peer.address())]).failed(
        &["tls"],
        &["tls_timeout"],
        &[],
    );
    let peer = Peer::tcp(|mut stream| drain(&mut stream));
    probe(&[
        "--connect-timeout",
        "0.5",
        &format!("https://{}/", peer.address()),
    ])
    .failed(&["tls"], &["tls_timeout"], &[]);
}

#[test]
fn http_on_a_tls_port() {
    let peer = Peer::tcp(|mut stream| {
        take_hello(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        linger(&stream);
    });
    probe(&[format!("https://{}/", peer.address())]).failed(&["tls"], &["tls_not_tls"], &["HTTP"]);
}

#[test]
fn nginx_speaks_http_on_a_plain_port() {
    let site = Site::new();
    let Some(nginx) = Nginx::start(&site) else {
        return;
    };
    probe(&[format!("https://127.0.0.1:{}/", nginx.ports.plain)]).failed(
        &["tls"],
        &["tls_not_tls"],
        &[],
    );
}

#[test]
fn noise_on_a_tls_port() {
    let peer = Peer::tcp(|mut stream| {
        take_hello(&mut stream);
        let _ = stream.write_all(&[0xff; 64]);
        linger(&stream);
    });
    probe(&[format!("https://{}/", peer.address())]).failed(
        &["tls"],
        &["tls_not_tls", "tls_protocol"],
        &[],
    );
}

#[test]
fn an_alert() {
    for (description, codes) in [
        (40_u8, ["tls_alert", "tls_version"]),
        (70, ["tls_version", "tls_alert"]),
        (80, ["tls_alert", "tls_alert"]),
    ] {
        let peer = Peer::tcp(move |mut stream| {
            take_hello(&mut stream);
            let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, description]);
            linger(&stream);
        });
        probe(&[format!("https://{}/", peer.address())]).failed(&["tls"], &codes, &[]);
    }
}

/// The handshake is complete, and then the connection is reset before a response: not the
/// handshake's failure.
#[test]
fn reset_after_the_handshake() {
    let authority = Authority::new();
    let config = authority
        .identity(Flaw::None)
        .server(rustls::ALL_VERSIONS, &[]);
    let peer = Peer::tcp(move |stream| {
        let connection =
            rustls::ServerConnection::new(std::sync::Arc::clone(&config)).expect("a TLS server");
        let mut secured = rustls::StreamOwned::new(connection, stream);
        let _ = read_request(&mut secured);
        reset(secured.sock);
    });
    ask(&authority, &peer, &[]).failed(
        &["wait", "send"],
        &["wait_closed", "send_closed"],
        &["reset"],
    );
}

/// In TLS 1.3 the client is done before the server has looked at the client's certificate, so that
/// its alert comes later.
#[test]
fn the_server_wants_to_know_the_client() {
    let authority = Authority::new();
    let client = authority.identity(Flaw::None);
    let (cert, key) = (
        client.chain_file.to_str().expect("a path"),
        client.key_file.to_str().expect("a path"),
    );
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = authority
            .identity(Flaw::None)
            .server_for_known_clients(&authority, &[version]);
        let peer = Peer::tls(config, say_hello);
        ask(&authority, &peer, &[]).failed(
            &["tls", "send", "wait"],
            &["tls_client_certificate"],
            &["client certificate"],
        );
        let report = ask(&authority, &peer, &["--cert", cert, "--key", key]).ok();
        assert_eq!(report.only()["status"], 200);
    }
}

/// What is in the files given is looked at when it is needed; a file that holds nothing of use is
/// named.
#[test]
fn trust_that_is_none() {
    let authority = Authority::new();
    let peer = flawed(&authority, Flaw::None);
    let file = tempfile::Builder::new()
        .suffix(".pem")
        .tempfile()
        .expect("a file");
    let path = file.path().to_str().expect("a path");
    let url = format!("https://localhost:{}/", peer.port());
    probe(&["-4", "--cacert", path, &url]).failed(
        &["tls"],
        &[
            "tls_certificate_unknown_issuer",
            "tls_certificate_invalid",
            "internal",
        ],
        &[path],
    );
}
