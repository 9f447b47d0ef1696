//! DNS over HTTPS (RFC 8484).

use std::net::SocketAddr;
use std::sync::Arc;

use hickory_resolver::net::NetError;
use hickory_resolver::net::h2::HttpsClientStream;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsExchange, DnsHandle, FirstAnswer};
use hickory_resolver::proto::op::{DnsRequest, Message};
use rustls::ClientConfig;
use tokio::sync::Mutex;
use url::Url;

use super::transport::{DnsTransportError, is_answer_to};
use crate::probe::tls::TrustStore;

/// A DNS server that is queried over HTTPS. One connection serves all queries.
pub(super) struct DohServer {
    name: Arc<str>,
    path: Arc<str>,
    tls: Arc<ClientConfig>,
    /// Owns the tasks that drive the connection, which end when it is dropped.
    runtime: TokioRuntimeProvider,
    connection: Mutex<Option<(SocketAddr, DnsExchange<TokioRuntimeProvider>)>>,
}

impl DohServer {
    /// Creates the server of a `--doh-url`.
    pub(super) fn new(url: &Url, store: &TrustStore) -> Result<Arc<Self>, String> {
        if url.scheme() != "https" {
            return Err(format!(
                "its URL has the scheme {} instead of https",
                url.scheme()
            ));
        }
        let name = url.host_str().unwrap_or_default();
        let path = url.query().map_or_else(
            || url.path().to_owned(),
            |query| format!("{}?{query}", url.path()),
        );
        let tls = Arc::new(store.auxiliary_config()?);
        Ok(Arc::new(Self {
            name: name.into(),
            path: path.into(),
            tls,
            runtime: TokioRuntimeProvider::default(),
            connection: Mutex::new(None),
        }))
    }

    /// Sends a query to one of its addresses.
    pub(super) async fn query(
        &self,
        address: SocketAddr,
        request: &DnsRequest,
    ) -> Result<Message, DnsTransportError> {
        let exchange = self
            .open_connection(address)
            .await
            .map_err(|error| doh_error(&error))?;
        match exchange.send(request.clone()).first_answer().await {
            Ok(response) if is_answer_to(&response, request) => Ok(response.into_message()),
            Ok(_) => Err(DnsTransportError::Malformed(
                "its response is for another query".to_owned(),
            )),
            Err(error) => {
                self.connection.lock().await.take();
                Err(doh_error(&error))
            }
        }
    }

    async fn open_connection(
        &self,
        address: SocketAddr,
    ) -> Result<DnsExchange<TokioRuntimeProvider>, NetError> {
        let mut open = self.connection.lock().await;
        if let Some((to, exchange)) = open.as_ref()
            && *to == address
        {
            return Ok(exchange.clone());
        }
        let builder = HttpsClientStream::builder(Arc::clone(&self.tls), self.runtime.clone());
        let exchange = builder
            .exchange(address, Arc::clone(&self.name), Arc::clone(&self.path))
            .await?;
        *open = Some((address, exchange.clone()));
        Ok(exchange)
    }
}

fn doh_error(error: &NetError) -> DnsTransportError {
    match error {
        NetError::Proto(_) | NetError::Decode(_) | NetError::ParseInt(_) => {
            DnsTransportError::Malformed(format!("its response is not a DNS message: {error}"))
        }
        NetError::Io(error) => DnsTransportError::Transport(error.to_string()),
        _ => DnsTransportError::Transport(error.to_string()),
    }
}
