//! Name resolution over HTTPS, with a server that has its own certificate.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use hickory_resolver::proto::op::{Message, ResponseCode};
use http::{Response, StatusCode};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::peer::address_record;
use super::{emitted_queries, resolve};
use crate::probe::spec::{AddressFamily, DnsChoice};
use crate::probe::test_context::TestContext;
use crate::trace::{DnsTransport, FailureCode};

/// Starts a DNS server at `https://localhost:PORT/dns-query` that answers with this status, and
/// returns its address and its certificate.
async fn start_doh_server(status: StatusCode) -> (SocketAddr, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut tls = builder
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve_doh(
        listener,
        TlsAcceptor::from(Arc::new(tls)),
        status,
    ));
    (address, cert.pem())
}

async fn serve_doh(listener: TcpListener, acceptor: TlsAcceptor, status: StatusCode) {
    while let Ok((stream, _)) = listener.accept().await {
        let Ok(stream) = acceptor.accept(stream).await else {
            continue;
        };
        let mut connection = h2::server::handshake(stream).await.unwrap();
        tokio::spawn(async move {
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                tokio::spawn(async move {
                    let mut body = request.into_body();
                    let mut question = BytesMut::new();
                    while let Some(Ok(part)) = body.data().await {
                        question.extend_from_slice(part.chunk());
                    }
                    let response = Response::builder()
                        .status(status)
                        .header("content-type", "application/dns-message")
                        .body(());
                    let mut stream = respond.send_response(response.unwrap(), false).unwrap();
                    stream.send_data(answer_query(&question), true).unwrap();
                });
            }
        });
    }
}

fn answer_query(question: &[u8]) -> Bytes {
    let mut message = Message::from_vec(question).unwrap().into_response();
    let query = message.queries[0].clone();
    message.metadata.response_code = ResponseCode::NoError;
    message.answers = vec![address_record(
        &query.name().to_string(),
        query.query_type(),
        1,
    )];
    message.to_vec().unwrap().into()
}

fn context_with_doh(server: SocketAddr, certificate: Option<String>) -> TestContext {
    let mut test = TestContext::new();
    test.spec.dns = DnsChoice::Https(
        Url::parse(&format!("https://localhost:{}/dns-query", server.port())).unwrap(),
    );
    test.spec.tls.ca_pem = certificate;
    test.spec.family = AddressFamily::V4;
    test
}

#[tokio::test]
async fn a_server_is_asked_over_https() {
    let (server, certificate) = start_doh_server(StatusCode::OK).await;
    let test = context_with_doh(server, Some(certificate));
    assert_eq!(
        resolve(&test.exchange_context(), "api.test", 80)
            .await
            .unwrap(),
        ["127.0.0.1:80".parse().unwrap()]
    );
    assert!(
        emitted_queries(&test)
            .iter()
            .all(|(name, kind, transport)| {
                (name.as_str(), kind.as_str(), *transport) == ("api.test", "A", DnsTransport::Https)
            })
    );
}

#[tokio::test]
async fn an_error_status_is_reported() {
    let (server, certificate) = start_doh_server(StatusCode::FORBIDDEN).await;
    let test = context_with_doh(server, Some(certificate));
    let failed = resolve(&test.exchange_context(), "api.test", 80)
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::DnsUnreachable);
    assert!(
        failed.failure.message.raw().contains("403"),
        "{:?}",
        failed.failure
    );
}

#[tokio::test]
async fn an_untrusted_certificate_is_reported() {
    let (server, _) = start_doh_server(StatusCode::OK).await;
    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let test = context_with_doh(server, Some(other.cert.pem()));
    let failed = resolve(&test.exchange_context(), "api.test", 80)
        .await
        .unwrap_err();
    assert_eq!(failed.failure.code, FailureCode::DnsUnreachable);
    assert!(
        failed.failure.message.raw().contains("certificate"),
        "{:?}",
        failed.failure
    );
}
