//! The data that the variables of `-w` are computed from.

use url::Url;

use crate::insight::redact::Redactor;
use crate::insight::{CurlMarks, Transfer, transfer_curl_marks};
use crate::trace::{
    Certificate, Connection, Exchange, ExchangeCause, HopSums, HttpVersion, Response, Tls, Trace,
};
use crate::units::Untrusted;

/// The data that variables are computed from.
pub(super) struct VariableContext<'a> {
    pub(super) trace: &'a Trace,
    pub(super) transfer: Transfer<'a>,
    pub(super) last: &'a Exchange,
    pub(super) marks: CurlMarks,
    pub(super) number: usize,
    pub(super) redactor: Redactor<'a>,
}

impl<'a> VariableContext<'a> {
    pub(super) fn new(
        trace: &'a Trace,
        transfer: Transfer<'a>,
        number: usize,
        redactor: Redactor<'a>,
    ) -> Option<Self> {
        Some(Self {
            trace,
            transfer,
            last: transfer.last()?,
            marks: transfer_curl_marks(&transfer),
            number,
            redactor,
        })
    }

    /// The first header field with a name in the final response.
    pub(super) fn header(&self, name: &str) -> String {
        let found = self
            .response()
            .and_then(|response| response.headers.iter().find(|header| header.is(name)));
        found
            .map(|header| self.redactor.header(header).value.escaped().into_owned())
            .unwrap_or_default()
    }

    pub(super) fn response(&self) -> Option<&'a Response> {
        self.last.response.as_ref()
    }

    pub(super) fn connection(&self) -> Option<&'a Connection> {
        self.trace.connection(self.last.connection?)
    }

    pub(super) fn tls(&self) -> Option<&'a Tls> {
        self.connection()?.tls.as_ref()
    }

    /// The certificates of the last TLS handshake of this transfer; as in curl, those of an earlier
    /// URL's connection do not count.
    pub(super) fn certificates(&self) -> &'a [Certificate] {
        let made = self
            .transfer
            .hops()
            .iter()
            .rev()
            .filter(|hop| !hop.reused_connection);
        let mut secured =
            made.filter_map(|hop| self.trace.connection(hop.connection?)?.tls.as_ref());
        secured.next().map_or(&[], |tls| &tls.certificates)
    }

    pub(super) fn address(
        &self,
        which: fn(&Connection) -> Option<std::net::SocketAddr>,
    ) -> Option<std::net::SocketAddr> {
        self.connection().and_then(which)
    }

    pub(super) fn status(&self) -> u16 {
        self.response().map_or(0, |response| response.status)
    }

    /// The status of the proxy's last response to `CONNECT`.
    pub(super) fn tunnel_status(&self) -> u16 {
        let mut answers = self
            .last
            .proxy
            .iter()
            .rev()
            .filter(|(_, step)| step.kind.starts_with("http"));
        answers
            .find_map(|(_, step)| step.text.raw().split(' ').next()?.parse().ok())
            .unwrap_or(0)
    }

    pub(super) fn http_version(&self) -> &'static str {
        match self.response().map(|response| response.version) {
            None => "0",
            Some(HttpVersion::Http10) => "1.0",
            Some(HttpVersion::Http11) => "1.1",
            Some(HttpVersion::Http2) => "2",
            Some(HttpVersion::Http3) => "3",
        }
    }

    pub(super) fn new_connections(&self) -> u64 {
        self.transfer.sum(
            |sums| sums.connects,
            |hop| u64::from(hop.connection.is_some() && !hop.reused_connection),
        )
    }

    pub(super) fn hops_because(&self, cause: ExchangeCause, gone: fn(&HopSums) -> u64) -> u64 {
        let first = self.transfer.hops().first().map(|first| first.id);
        self.transfer.sum(gone, |hop| {
            u64::from(hop.cause == cause && Some(hop.id) != first)
        })
    }

    /// Bytes per second over the total time, as in curl.
    pub(super) fn speed(&self, bytes: u64) -> u64 {
        let per_second = u128::from(bytes) * 1_000_000_000 / u128::from(self.marks.total.0.max(1));
        u64::try_from(per_second).unwrap_or(u64::MAX)
    }

    /// The target of a redirect that was not followed.
    pub(super) fn redirect(&self) -> Option<Untrusted> {
        let response = self.response().filter(|response| {
            (300..400).contains(&response.status) && self.last.redirected.is_none()
        })?;
        let target = response.header("location")?;
        let joined = Url::parse(self.last.url.raw())
            .ok()
            .and_then(|base| base.join(target.raw()).ok());
        Some(
            self.redactor.text(
                &joined.map_or_else(|| target.clone(), |url| Untrusted::new(String::from(url))),
            ),
        )
    }

    pub(super) fn referer(&self) -> Option<Untrusted> {
        let sent = self
            .last
            .request
            .as_ref()?
            .headers
            .iter()
            .find(|header| header.is("referer"))?;
        Some(self.redactor.header(sent).value)
    }

    /// In upper case, as in curl 7; absent without a connection.
    pub(super) fn scheme(&self) -> Option<Untrusted> {
        self.last.connection?;
        let (scheme, _) = self.last.url.raw().split_once("://")?;
        Some(Untrusted::new(scheme.to_uppercase()))
    }
}
