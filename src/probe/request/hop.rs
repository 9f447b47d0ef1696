//! One hop of a chain of redirects: what it asks for, and whether it is still at home.

use url::Url;

use crate::probe::Spec;
use crate::probe::spec::Body;

/// What one exchange asks for.
#[derive(Clone, Debug)]
pub(in crate::probe) struct RequestHop {
    /// Where to, credentials and fragment included.
    pub(in crate::probe) url: Url,
    /// Method.
    pub(in crate::probe) method: String,
    /// Whether the body goes along.
    pub(in crate::probe) with_body: bool,
    /// Whether scheme, host and port have been those the user named all along, or the user trusts
    /// every location: only then do the user's own fields, cookies, credentials and
    /// certificate go along.
    pub(in crate::probe) sends_credentials: bool,
    /// What `Referer` says of the URL that led here, with `-e ';auto'`.
    pub(in crate::probe) referer: Option<String>,
}

impl RequestHop {
    /// What the user asked for.
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

    /// The URL without credentials and fragment: what may be shown and sent.
    pub(in crate::probe) fn bare_url(&self) -> Url {
        let mut url = self.url.clone();
        // These fail for URLs that cannot have credentials; then there are none.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        url
    }
}

/// `-X`, else what `-I`, `-d` and `-F` imply.
fn method_of(spec: &Spec) -> String {
    let implied = match &spec.body {
        _ if spec.head_only => "HEAD",
        Some(Body::Bytes { .. } | Body::Form(_)) => "POST",
        None => "GET",
    };
    spec.method.clone().unwrap_or_else(|| implied.to_owned())
}
