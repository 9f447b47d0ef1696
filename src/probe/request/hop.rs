//! One hop of a chain of redirects.

use url::Url;

use crate::probe::Spec;
use crate::probe::spec::Body;

/// Request line of one exchange, and what may be sent with it.
#[derive(Clone, Debug)]
pub(in crate::probe) struct RequestHop {
    /// The URL, including credentials and fragment.
    pub(in crate::probe) url: Url,
    /// Method.
    pub(in crate::probe) method: String,
    /// Whether the body is sent.
    pub(in crate::probe) with_body: bool,
    /// Whether all hops so far had the scheme, host and port of the user's URL, or the user trusts
    /// every location. Only then are the user's own fields, cookies, credentials and certificate
    /// sent.
    pub(in crate::probe) sends_credentials: bool,
    /// Value of `Referer` for the URL that redirected here, with `-e ';auto'`.
    pub(in crate::probe) referer: Option<String>,
}

impl RequestHop {
    /// Returns the hop for the user's URL.
    pub(in crate::probe) fn first(spec: &Spec) -> Self {
        let with_body = spec.body.is_some() && !spec.head_only;
        Self {
            url: spec.url.clone(),
            method: method_of(spec),
            with_body,
            sends_credentials: true,
            referer: spec.referer.clone(),
        }
    }

    /// Returns the URL without credentials and fragment, as it may be shown and sent.
    pub(in crate::probe) fn bare_url(&self) -> Url {
        let mut url = self.url.clone();
        // These calls fail only for URLs that cannot have credentials.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        url
    }
}

/// Returns the method: `-X`, else the one that `-I`, `-d` or `-F` implies.
fn method_of(spec: &Spec) -> String {
    let implied = match &spec.body {
        _ if spec.head_only => "HEAD",
        Some(Body::Bytes { .. } | Body::Form(_)) => "POST",
        None => "GET",
    };
    spec.method.clone().unwrap_or_else(|| implied.to_owned())
}
