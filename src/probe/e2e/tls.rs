//! TLS: what is emitted about a handshake, and every way it fails.

use std::net::SocketAddr;
use std::time::Duration;

use rcgen::CertificateParams;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::certificates::{
    IssuedCertificate, TestAuthority, answer_once_over_tls, self_signed, server_config,
};
use super::test_server::serve_connections;
use super::{ProbedRun, run_probe, spec_for};
use crate::probe::Spec;
use crate::probe::spec::{ResolveRule, TlsVersion};
use crate::trace::{FailureCode, Phase, Tls, TlsMessage, Verification};
use crate::wire::Side;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// Returns a spec for `https://name:port/` at a server, with `ca` as trust anchor.
fn secure_spec(name: &str, peer: SocketAddr, ca: &str) -> Spec {
    let mut spec = spec_for(&format!("https://{name}:{}/", peer.port()));
    spec.resolve = vec![ResolveRule {
        host: name.to_owned(),
        port: peer.port(),
        addresses: vec![peer.ip()],
    }];
    spec.tls.ca_pem = Some(ca.to_owned());
    spec
}

fn first_tls(probed: &ProbedRun) -> &Tls {
    probed.trace.connections()[0].tls.as_ref().unwrap()
}

/// Runs a request to a server with this certificate.
async fn probe_certificate(issued: IssuedCertificate, name: &str, ca: &str) -> ProbedRun {
    let peer = answer_once_over_tls(server_config(issued, &[&TLS13]), HELLO).await;
    run_probe(secure_spec(name, peer, ca)).await
}

#[tokio::test]
async fn both_versions_are_recorded_message_by_message() {
    let authority = TestAuthority::new("root");
    for version in [&TLS12, &TLS13] {
        let peer = answer_once_over_tls(
            server_config(authority.issue(&["site.test"], |_| {}), &[version]),
            HELLO,
        )
        .await;
        let probed = run_probe(secure_spec("site.test", peer, &authority.pem())).await;
        assert!(
            probed.only_exchange().failure.is_none(),
            "{:?}",
            probed.only_exchange().failure
        );
        assert_eq!(
            probed.phases(0),
            [
                Phase::Dns,
                Phase::Connect,
                Phase::Tls,
                Phase::Send,
                Phase::Wait,
                Phase::Receive
            ]
        );
        let tls = first_tls(&probed);
        let (_, hello) = &tls.messages[0];
        assert_eq!(
            (hello.from, hello.name.as_str(), hello.offset),
            (Side::Client, "ClientHello", 0)
        );
        let detail = hello.detail.as_ref().unwrap().raw();
        assert!(
            detail.starts_with("site.test, ") && detail.contains("http/1.1"),
            "{detail}"
        );
        let (_, answer) = tls
            .messages
            .iter()
            .find(|(_, message)| message.from == Side::Server)
            .unwrap();
        assert_eq!(answer.name, "ServerHello");
        let handshake = tls.handshake.as_ref().unwrap();
        assert_eq!(handshake.kind, "full");
        assert!(handshake.key_exchange.is_some());
        if version.version == rustls::ProtocolVersion::TLSv1_3 {
            assert_eq!(handshake.version, "TLSv1.3");
            assert!(
                handshake.cipher_suite.starts_with("TLS_AES"),
                "{}",
                handshake.cipher_suite
            );
            let is_encrypted =
                |message: &TlsMessage| message.name == "encrypted" && message.from == Side::Server;
            assert!(
                tls.messages
                    .iter()
                    .any(|(_, message)| is_encrypted(message))
            );
        } else {
            assert_eq!(handshake.version, "TLSv1.2");
            let names: Vec<&str> = tls
                .messages
                .iter()
                .map(|(_, message)| message.name.as_str())
                .collect();
            assert!(
                names.starts_with(&["ClientHello", "ServerHello", "Certificate"]),
                "{names:?}"
            );
            assert!(
                names.contains(&"ServerHelloDone") && names.contains(&"ClientKeyExchange"),
                "{names:?}"
            );
        }
        assert_eq!(tls.verification.as_ref().unwrap().0, Verification::Trusted);
        assert_eq!(tls.certificates[0].names[0].raw(), "site.test");
        assert_eq!(tls.certificates[0].sha256.len(), 64);
    }
}

#[tokio::test]
async fn each_fault_of_a_certificate_has_its_code_and_its_chain() {
    let authority = TestAuthority::new("root");
    let ca = authority.pem();
    let other = TestAuthority::new("other");
    let expired =
        |params: &mut CertificateParams| params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let early =
        |params: &mut CertificateParams| params.not_before = rcgen::date_time_ymd(2090, 1, 1);
    let cases = [
        (
            authority.issue(&["site.test"], expired),
            FailureCode::TlsCertificateExpired,
            "2020-01-01",
        ),
        (
            authority.issue(&["site.test"], early),
            FailureCode::TlsCertificateNotYetValid,
            "2090-01-01",
        ),
        (
            authority.issue(&["a.test", "b.test"], |_| {}),
            FailureCode::TlsCertificateWrongHost,
            "a.test, b.test",
        ),
        (
            authority.issue_through_intermediate(&["site.test"], false),
            FailureCode::TlsCertificateIncompleteChain,
            "intermediate",
        ),
        (
            other.issue_through_intermediate(&["site.test"], true),
            FailureCode::TlsCertificateUnknownIssuer,
            "other",
        ),
        (
            self_signed(&["site.test"], false).0,
            FailureCode::TlsCertificateSelfSigned,
            "leaf",
        ),
        (
            self_signed(&["site.test"], true).0,
            FailureCode::TlsCertificateSelfSigned,
            "leaf",
        ),
    ];
    for (issued, expected, said) in cases {
        let sent = issued.chain.len();
        let probed = probe_certificate(issued, "site.test", &ca).await;
        let (phase, code, message) = probed.failure();
        assert_eq!((phase, code), (Phase::Tls, expected), "{message}");
        assert!(message.contains(said), "{message}");
        assert_eq!(
            first_tls(&probed).certificates.len(),
            sent,
            "the chain is told though it fails"
        );
        assert!(matches!(
            first_tls(&probed).verification,
            Some((Verification::Rejected(_), _))
        ));
        assert!(first_tls(&probed).handshake.is_none());
    }
}

#[tokio::test]
async fn a_full_chain_is_trusted() {
    let authority = TestAuthority::new("root");
    let probed = probe_certificate(
        authority.issue_through_intermediate(&["site.test"], true),
        "site.test",
        &authority.pem(),
    )
    .await;
    assert!(
        probed.only_exchange().failure.is_none(),
        "{:?}",
        probed.only_exchange().failure
    );
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_by_name_only() {
    for is_ca in [true, false] {
        let (issued, pem) = self_signed(&["site.test"], is_ca);
        let probed = probe_certificate(issued, "site.test", &pem).await;
        assert!(
            probed.only_exchange().failure.is_none(),
            "{:?}",
            probed.only_exchange().failure
        );
        let (issued, pem) = self_signed(&["other.test"], is_ca);
        let (_, code, message) = probe_certificate(issued, "site.test", &pem).await.failure();
        assert_eq!(code, FailureCode::TlsCertificateWrongHost, "{message}");
    }
}

#[tokio::test]
async fn insecure_continues_and_reports_the_failed_verification() {
    let peer = answer_once_over_tls(
        server_config(self_signed(&["site.test"], false).0, &[&TLS13]),
        HELLO,
    )
    .await;
    let mut spec = secure_spec("site.test", peer, &TestAuthority::new("root").pem());
    spec.tls.insecure = true;
    let probed = run_probe(spec).await;
    assert!(probed.only_exchange().failure.is_none());
    let Some((Verification::Ignored(reason), _)) = &first_tls(&probed).verification else {
        panic!("{:?}", first_tls(&probed).verification)
    };
    assert!(reason.raw().contains("self-signed"), "{reason:?}");
}

#[tokio::test]
async fn versions_that_do_not_overlap() {
    let authority = TestAuthority::new("root");
    let peer = answer_once_over_tls(
        server_config(authority.issue(&["site.test"], |_| {}), &[&TLS13]),
        HELLO,
    )
    .await;
    let mut spec = secure_spec("site.test", peer, &authority.pem());
    spec.tls.max = Some(TlsVersion::V12);
    let (phase, code, message) = run_probe(spec).await.failure();
    assert_eq!(
        (phase, code),
        (Phase::Tls, FailureCode::TlsVersion),
        "{message}"
    );
    let peer = answer_once_over_tls(
        server_config(authority.issue(&["site.test"], |_| {}), &[&TLS12]),
        HELLO,
    )
    .await;
    let mut spec = secure_spec("site.test", peer, &authority.pem());
    spec.tls.min = Some(TlsVersion::V13);
    let (_, code, message) = run_probe(spec).await.failure();
    assert_eq!(code, FailureCode::TlsVersion, "{message}");
}

#[tokio::test]
async fn peers_that_do_not_speak_tls() {
    let said = async |answer: &'static [u8]| {
        let peer = serve_connections(move |mut stream| async move {
            let mut hello = [0; 64];
            let _ = stream.read(&mut hello).await;
            stream.write_all(answer).await.unwrap();
            stream.shutdown().await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
        run_probe(secure_spec(
            "site.test",
            peer,
            &TestAuthority::new("root").pem(),
        ))
        .await
        .failure()
    };
    let (phase, code, message) = said(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert_eq!(
        (phase, code),
        (Phase::Tls, FailureCode::TlsNotTls),
        "{message}"
    );
    assert!(
        message.contains("plain HTTP") && message.contains("400 Bad Request"),
        "{message}"
    );
    for answer in [
        b"SSH-2.0-x\r\n".as_slice(),
        b"220 mail\r\n",
        b"\xff\xff\xff\xff\xff\xff",
    ] {
        let (_, code, message) = said(answer).await;
        assert_eq!(code, FailureCode::TlsNotTls, "{message}");
    }
    assert_eq!(
        said(&[21, 3, 3, 0, 2, 2, 40]).await.1,
        FailureCode::TlsAlert
    );
    assert_eq!(
        said(&[21, 3, 3, 0, 2, 2, 70]).await.1,
        FailureCode::TlsVersion
    );
    assert_eq!(
        said(&[21, 3, 3, 0, 2, 2, 116]).await.1,
        FailureCode::TlsClientCertificate
    );
    assert_eq!(
        said(&[22, 3, 3, 0, 4, 2, 0, 0, 0]).await.1,
        FailureCode::TlsProtocol
    );
    assert_eq!(said(b"").await.1, FailureCode::TlsClosed);
}

#[tokio::test]
async fn handshakes_that_are_reset_or_never_end() {
    let ca = TestAuthority::new("root").pem();
    let peer = serve_connections(|mut stream| async move {
        let mut hello = [0; 64];
        let _ = stream.read(&mut hello).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    let (phase, code, message) = run_probe(secure_spec("site.test", peer, &ca))
        .await
        .failure();
    assert_eq!(
        (phase, code),
        (Phase::Tls, FailureCode::TlsClosed),
        "{message}"
    );
    assert!(message.contains("reset"), "{message}");

    let peer = serve_connections(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let mut spec = secure_spec("site.test", peer, &ca);
    spec.connect_timeout = Duration::from_millis(200);
    let (phase, code, message) = run_probe(spec).await.failure();
    assert_eq!(
        (phase, code),
        (Phase::Tls, FailureCode::TlsTimeout),
        "{message}"
    );
    assert!(
        message.contains("--connect-timeout") && message.contains("nothing was received"),
        "{message}"
    );
}

#[tokio::test]
async fn a_client_certificate_is_presented_and_its_absence_is_reported() {
    let authority = TestAuthority::new("root");
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(pem_certificates(&authority.pem()));
    let issued = authority.issue(&["site.test"], |_| {});
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let clients =
        rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
            .build()
            .unwrap();
    let mut server = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(issued.chain, issued.key)
        .unwrap();
    let peer = answer_once_over_tls(server.clone(), HELLO).await;
    server.alpn_protocols = vec![b"h2".to_vec()];
    let probed = run_probe(secure_spec(
        "site.test",
        answer_once_over_tls(server, HELLO).await,
        &authority.pem(),
    ))
    .await;
    let (_, code, message) = probed.failure();
    assert_eq!(
        code,
        FailureCode::TlsClientCertificate,
        "over HTTP/2: {message}"
    );
    let probed = run_probe(secure_spec("site.test", peer, &authority.pem())).await;
    let (_, code, message) = probed.failure();
    assert_eq!(code, FailureCode::TlsClientCertificate, "{message}");

    let directory = tempfile::tempdir().unwrap();
    let own = authority.issue(&["client.test"], |_| {});
    let pem = |tag: &str, der: &[u8]| {
        use base64::Engine as _;
        format!(
            "-----BEGIN {tag}-----\n{}\n-----END {tag}-----\n",
            base64::engine::general_purpose::STANDARD.encode(der)
        )
    };
    let path = directory.path().join("client.pem");
    std::fs::write(
        &path,
        pem("CERTIFICATE", &own.chain[0]) + &pem("PRIVATE KEY", own.key.secret_der()),
    )
    .unwrap();
    let mut spec = secure_spec("site.test", peer, &authority.pem());
    spec.tls.cert = Some(path);
    let probed = run_probe(spec).await;
    assert!(
        probed.only_exchange().failure.is_none(),
        "{:?}",
        probed.only_exchange().failure
    );
}

fn pem_certificates(pem: &str) -> Vec<rustls::pki_types::CertificateDer<'static>> {
    use rustls::pki_types::pem::PemObject as _;
    rustls::pki_types::CertificateDer::pem_slice_iter(pem.as_bytes())
        .map(Result::unwrap)
        .collect()
}

#[tokio::test]
async fn secrets_are_logged_only_when_asked_for() {
    let authority = TestAuthority::new("root");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let peer = answer_once_over_tls(
        server_config(authority.issue(&["site.test"], |_| {}), &[&TLS13]),
        HELLO,
    )
    .await;
    let mut spec = secure_spec("site.test", peer, &authority.pem());
    spec.tls.key_log = Some(path.clone());
    let probed = run_probe(spec).await;
    assert!(probed.only_exchange().failure.is_none());
    let text = std::fs::read_to_string(path).unwrap();
    for label in [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    ] {
        assert!(
            text.lines().any(|line| line.starts_with(label)),
            "{label} in {text}"
        );
    }
}

#[tokio::test]
async fn an_unusable_trust_file_is_named() {
    let authority = TestAuthority::new("root");
    let peer = answer_once_over_tls(
        server_config(authority.issue(&["site.test"], |_| {}), &[&TLS13]),
        HELLO,
    )
    .await;
    let mut spec = secure_spec("site.test", peer, "");
    spec.tls.ca_pem = None;
    spec.tls.ca_file = Some("/nonexistent/ca.pem".into());
    let (phase, _, message) = run_probe(spec).await.failure();
    assert_eq!(phase, Phase::Tls);
    assert!(message.contains("/nonexistent/ca.pem"), "{message}");
}
