//! Proxy options `-x` and `--noproxy`, and the proxy variables of the environment.

use url::Url;

use crate::cli::args::RequestArgs;
use crate::cli::exit::UsageError;
use crate::probe::spec::Proxy;

/// The proxy for a URL: from `-x`, or else from the environment. An empty `-x` means none.
pub(super) fn choose_proxy(url: &Url, args: &RequestArgs) -> Result<Option<Proxy>, UsageError> {
    let (text, origin) = match &args.proxy {
        Some(text) => (text.clone(), "--proxy".to_owned()),
        None => match proxy_from_environment(url.scheme()) {
            Some((text, name)) => (text, name.to_owned()),
            None => return Ok(None),
        },
    };
    if text.is_empty() {
        return Ok(None);
    }
    Proxy::parse(&text)
        .map(Some)
        .map_err(|error| UsageError::new(format!("{origin}: {error}")))
}

/// The hosts of `--noproxy`, or else of `no_proxy`.
pub(super) fn no_proxy_hosts(args: &RequestArgs) -> Vec<String> {
    let list = args
        .noproxy
        .clone()
        .or_else(|| environment_variable("no_proxy").or_else(|| environment_variable("NO_PROXY")))
        .unwrap_or_default();
    list.split([',', ' '])
        .map(str::trim)
        .filter(|host| !host.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The proxy variable for a scheme. As in curl, `http_proxy` is read in lower case only, since the
/// client of a CGI program can set `HTTP_PROXY` with a header field.
fn proxy_from_environment(scheme: &str) -> Option<(String, &'static str)> {
    let names: &[&'static str] = if scheme == "https" {
        &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    } else {
        &["http_proxy", "all_proxy", "ALL_PROXY"]
    };
    names
        .iter()
        .find_map(|name| environment_variable(name).map(|value| (value, *name)))
}

fn environment_variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
