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

use super::transport::{Trouble, answers};
use crate::probe::tls::Trust;

/// A server that is asked over HTTPS. One connection serves all questions.
pub(super) struct HttpsServer {
    name: Arc<str>,
    path: Arc<str>,
    tls: Arc<ClientConfig>,
    /// Owns the tasks that drive the connection: they end with it.
    runtime: TokioRuntimeProvider,
    open: Mutex<Option<(SocketAddr, DnsExchange<TokioRuntimeProvider>)>>,
}

impl HttpsServer {
    /// The server that a `--doh-url` names.
    pub(super) fn new(url: &Url, trust: &Trust) -> Result<Arc<Self>, String> {
        if url.scheme() != "https" {
            return Err(format!(
                "its URL begins with {}: and not with https:",
                url.scheme()
            ));
        }
        let name = url.host_str().unwrap_or_default();
        let path = url.query().map_or_else(
            || url.path().to_owned(),
            |query| format!("{}?{query}", url.path()),
        );
        let tls = Arc::new(trust.side_traffic()?);
        Ok(Arc::new(Self {
            name: name.into(),
            path: path.into(),
            tls,
            runtime: TokioRuntimeProvider::default(),
            open: Mutex::new(None),
        }))
    }

    /// Asks at one of its addresses.
    pub(super) async fn ask(
        &self,
        address: SocketAddr,
        request: &DnsRequest,
    ) -> Result<Message, Trouble> {
        let exchange = self
            .connection(address)
            .await
            .map_err(|error| trouble(&error))?;
        match exchange.send(request.clone()).first_answer().await {
            Ok(response) if answers(&response, request) => Ok(response.into_message()),
            Ok(_) => Err(Trouble::Nonsense(
                "its answer is to another question".to_owned(),
            )),
            Err(error) => {
                self.open.lock().await.take();
                Err(trouble(&error))
            }
        }
    }

    async fn connection(
        &self,
        address: SocketAddr,
    ) -> Result<DnsExchange<TokioRuntimeProvider>, NetError> {
        let mut open = self.open.lock().await;
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

fn trouble(error: &NetError) -> Trouble {
    match error {
        NetError::Proto(_) | NetError::Decode(_) | NetError::ParseInt(_) => {
            Trouble::Nonsense(format!("its answer is no DNS message: {error}"))
        }
        NetError::Io(error) => Trouble::Transport(error.to_string()),
        _ => Trouble::Transport(error.to_string()),
    }
}
