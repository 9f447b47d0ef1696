//! Request arguments of the command line, turned into a [`Spec`].

mod address;
mod cookies;
mod data;
mod form;
mod input;
mod masked_input;
mod proxy;

pub(super) use cookies::CookieFiles;
pub(super) use input::read_text;
pub(super) use masked_input::masked_url;

use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::time::Duration;

use clap::ArgMatches;
use url::Url;

use self::input::RequestInput;
use super::args::RequestArgs;
use super::exit::UsageError;
use crate::probe::Spec;
use crate::probe::spec::{
    AddressFamily, Body, BodyOutput, DnsChoice, HeaderRule, HttpChoice, KeyLogProblems,
    RedirectOptions, TlsOptions, TlsVersion,
};
use crate::units::{Secret, TypedUrl, TypedUrlError};
use masked_input::{masked_name, masked_text};

/// Builds the spec for one URL. `matches` is needed for the order of options that can be mixed.
pub(super) fn build_spec(
    url: &str,
    args: &RequestArgs,
    matches: &ArgMatches,
    files: &CookieFiles,
) -> Result<Spec, UsageError> {
    refuse_unsupported(args)?;
    let mut url = parse_url(url)?;
    let body = request_body(&mut url, args, matches)?;
    let credentials = take_credentials(&mut url, args)?;
    let no_proxy = proxy::no_proxy_hosts(args);
    let proxy = proxy::choose_proxy(&url, args)?;
    let mut spec = Spec::get(url);
    spec.method.clone_from(&args.method);
    spec.headers = parse_headers(&args.headers)?;
    spec.body = body;
    spec.head_only = args.head;
    spec.fail_on_status = args.fail;
    spec.user_agent.clone_from(&args.user_agent);
    (spec.referer, spec.referer_auto) = parse_referer(args.referer.as_deref());
    spec.credentials = credentials;
    spec.bearer = args.oauth2_bearer.clone().map(Secret::new);
    spec.cookies = files.cookies(args, &spec.url)?;
    spec.compressed = args.compressed;
    spec.redirects = redirect_options(args);
    spec.family = address_family(args);
    spec.dns = dns_choice(args)?;
    spec.resolve = args
        .resolve
        .iter()
        .map(|rule| address::parse_resolve_rule(rule))
        .collect::<Result<_, _>>()?;
    spec.connect_to = args
        .connect_to
        .iter()
        .map(|rule| address::parse_connect_to_rule(rule))
        .collect::<Result<_, _>>()?;
    spec.unix_socket.clone_from(&args.unix_socket);
    spec.proxy = proxy;
    spec.no_proxy = no_proxy;
    spec.http = http_choice(args);
    spec.tls = tls_choice(args)?;
    spec.max_time = args
        .max_time
        .filter(|seconds| *seconds > 0.0)
        .map(Duration::from_secs_f64);
    spec.connect_timeout = Some(args.connect_timeout)
        .filter(|seconds| *seconds > 0.0)
        .map_or(Spec::CONNECT_TIMEOUT, Duration::from_secs_f64);
    spec.output = args.output.as_deref().map(output_target);
    spec.repeat = args.repeat.max(1);
    spec.interval = Duration::from_secs_f64(args.interval);
    spec.control = args.control;
    Ok(spec)
}

/// The body from the data or form options; with `-G` the data is moved into the query.
fn request_body(
    url: &mut Url,
    args: &RequestArgs,
    matches: &ArgMatches,
) -> Result<Option<Body>, UsageError> {
    let mut input = RequestInput::default();
    let mut body = data::collect(args, matches, &mut input)?.body;
    if args.get {
        data::move_into_query(url, body.take());
    }
    if let Some(form) = form::collect(args, matches, &mut input)? {
        if body.is_some() {
            return Err(UsageError::new(
                "-F and -d cannot be combined: a body is either a multipart form or data",
            ));
        }
        body = Some(Body::Form(form));
    }
    if args.head && body.is_some() {
        return Err(UsageError::new(
            "-I cannot be combined with -d or -F: HEAD has no body; -G puts the data into the \
             query",
        ));
    }
    Ok(body)
}

fn refuse_unsupported(args: &RequestArgs) -> Result<(), UsageError> {
    let unsupported = [(args.http3 || args.http3_only, "HTTP/3 (--http3)")];
    match unsupported.iter().find(|(unsupported, _)| *unsupported) {
        Some((_, what)) => Err(UsageError::new(format!("{what} is not supported yet"))),
        None => Ok(()),
    }
}

/// Parses a URL: without a scheme as curl does (`http://` is assumed), otherwise as browsers do.
fn parse_url(text: &str) -> Result<Url, UsageError> {
    const PLANNED: [&str; 11] = [
        "ws",
        "wss",
        "sse+http",
        "sse+https",
        "grpc",
        "grpcs",
        "redis",
        "rediss",
        "tcp",
        "udp",
        "dns",
    ];
    let mistaken = |mistake: TypedUrlError| {
        UsageError::new(format!(
            "'{}' is not a URL: {mistake}; expected a URL such as https://example.com/path",
            masked_url(text)
        ))
    };
    let typed = TypedUrl::parse(text).map_err(mistaken)?;
    match typed
        .scheme
        .filter(|_| !typed.is_web())
        .map(str::to_ascii_lowercase)
    {
        None => typed.web_url().map_err(mistaken),
        Some(later) if PLANNED.contains(&later.as_str()) => Err(UsageError::new(format!(
            "the scheme {later}:// is not supported yet; use http or https"
        ))),
        Some(other) if text.contains("://") => Err(UsageError::new(format!(
            "the scheme '{other}' is not supported; use http or https"
        ))),
        Some(other) => Err(UsageError::new(format!(
            "the scheme '{other}' is not supported; use http or https, or write http://{other}/ \
             for a host named '{other}'"
        ))),
    }
}

/// The credentials from `-u`, or else from the URL. They are removed from the URL either way.
fn take_credentials(
    url: &mut Url,
    args: &RequestArgs,
) -> Result<Option<Secret<(String, String)>>, UsageError> {
    let decoded = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let of_url = (!url.username().is_empty() || url.password().is_some()).then(|| {
        (
            decoded(url.username()),
            decoded(url.password().unwrap_or_default()),
        )
    });
    if url
        .set_username("")
        .and_then(|()| url.set_password(None))
        .is_err()
    {
        return Err(UsageError::new("this URL cannot contain a user name"));
    }
    let given = args.user.as_deref().map(|user| {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        (name.to_owned(), password.to_owned())
    });
    Ok(given.or(of_url).map(Secret::new))
}

fn parse_headers(lines: &[String]) -> Result<Vec<HeaderRule>, UsageError> {
    let mut rules = Vec::new();
    for line in lines {
        if let Some(file) = line.strip_prefix('@') {
            let text = read_text(file)?;
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                rules.push(parse_header(line)?);
            }
        } else {
            rules.push(parse_header(line)?);
        }
    }
    Ok(rules)
}

/// `Name: value` sets a field, `Name:` removes it, `Name;` sets it to an empty value.
fn parse_header(line: &str) -> Result<HeaderRule, UsageError> {
    // The line is not repeated: if it is not a field, all of it may be a secret.
    let wrong = |why: &str| UsageError::new(format!("-H: {why}; expected 'Name: value'"));
    let misnamed = |_| wrong("the name is invalid: it may contain letters, digits and -");
    if let Some((name, value)) = line.split_once(':') {
        let name = name.trim();
        let value = value.trim();
        http::HeaderName::from_bytes(name.as_bytes()).map_err(misnamed)?;
        http::HeaderValue::from_str(value)
            .or_else(|_| http::HeaderValue::from_bytes(value.as_bytes()))
            .map_err(|_| {
                wrong(&format!(
                    "the value of '{}' contains a control character",
                    masked_text(name)
                ))
            })?;
        return Ok(if value.is_empty() {
            HeaderRule::Remove(name.to_owned())
        } else {
            HeaderRule::Set(name.to_owned(), Secret::new(value.to_owned()))
        });
    }
    let name = line
        .strip_suffix(';')
        .ok_or_else(|| wrong("a header field must contain a colon"))?
        .trim();
    http::HeaderName::from_bytes(name.as_bytes()).map_err(misnamed)?;
    Ok(HeaderRule::Set(name.to_owned(), Secret::new(String::new())))
}

/// `URL;auto`: the URL first, then the previous URL after each redirect.
fn parse_referer(given: Option<&str>) -> (Option<String>, bool) {
    match given.map(|text| text.strip_suffix(";auto").ok_or(text)) {
        None => (None, false),
        Some(Ok(url)) => (Some(url.to_owned()).filter(|url| !url.is_empty()), true),
        Some(Err(text)) => (Some(text.to_owned()), false),
    }
}

fn redirect_options(args: &RequestArgs) -> RedirectOptions {
    /// The limit if none is requested: a redirect loop would never end.
    const MAX_REDIRECTS: u32 = 100_000;
    RedirectOptions {
        follow: args.location || args.location_trusted,
        max: u32::try_from(args.max_redirs).unwrap_or(MAX_REDIRECTS),
        trusted: args.location_trusted,
        guard: args.redirect_guard,
    }
}

const fn address_family(args: &RequestArgs) -> AddressFamily {
    match (args.ipv4, args.ipv6) {
        (true, _) => AddressFamily::V4,
        (_, true) => AddressFamily::V6,
        _ => AddressFamily::Any,
    }
}

fn dns_choice(args: &RequestArgs) -> Result<DnsChoice, UsageError> {
    if let Some(url) = &args.doh_url {
        let url = parse_url(url).map_err(|usage| UsageError::new(format!("--doh-url: {usage}")))?;
        return if url.scheme() == "https" {
            Ok(DnsChoice::Https(url))
        } else {
            Err(UsageError::new("--doh-url must be an https URL"))
        };
    }
    match args.dns_servers.as_deref() {
        None => Ok(DnsChoice::Configured),
        Some("system") => Ok(DnsChoice::System),
        Some(list) => {
            let servers = list
                .split(',')
                .map(address::parse_dns_server)
                .collect::<Result<Vec<_>, _>>()?;
            Ok(DnsChoice::Servers(servers))
        }
    }
}

const fn http_choice(args: &RequestArgs) -> HttpChoice {
    if args.http1_0 {
        HttpChoice::Http10
    } else if args.http1_1 {
        HttpChoice::Http11
    } else if args.http2_prior_knowledge {
        HttpChoice::Http2PriorKnowledge
    } else if args.http2 {
        HttpChoice::Http2
    } else {
        HttpChoice::Auto
    }
}

fn tls_choice(args: &RequestArgs) -> Result<TlsOptions, UsageError> {
    let min = if args.tlsv1_3 {
        Some(TlsVersion::V13)
    } else if args.tlsv1_2 {
        Some(TlsVersion::V12)
    } else {
        None
    };
    let max = match args.tls_max.as_deref() {
        Some("1.2") => Some(TlsVersion::V12),
        Some("1.3") => Some(TlsVersion::V13),
        _ => None,
    };
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        return Err(UsageError::new(
            "--tlsv1.3 with --tls-max 1.2 leaves no TLS version",
        ));
    }
    for (option, file) in [
        ("--cacert", &args.cacert),
        ("--cert", &args.cert),
        ("--key", &args.key),
    ] {
        let Some(file) = file else { continue };
        // The files are read while connecting, but a missing one can be reported right away.
        if std::fs::metadata(file).is_ok_and(|found| found.file_type().is_fifo()) {
            // A pipe can be read only once.
            continue;
        }
        if let Err(error) = std::fs::File::open(file) {
            return Err(UsageError::new(format!(
                "{option}: '{}' cannot be read: {error}",
                masked_text(&file.to_string_lossy())
            )));
        }
    }
    Ok(TlsOptions {
        insecure: args.insecure,
        min,
        max,
        ca_file: args.cacert.clone(),
        ca_pem: None,
        cert: args.cert.clone(),
        key: args.key.clone(),
        key_log_listener: None,
        key_log_problems: KeyLogProblems::default(),
        key_log: args.keylog.clone().or_else(|| {
            std::env::var_os("SSLKEYLOGFILE")
                .filter(|path| !path.is_empty())
                .map(Into::into)
        }),
    })
}

fn output_target(path: &Path) -> BodyOutput {
    if path == Path::new("-") {
        BodyOutput::Stdout
    } else {
        BodyOutput::File(path.to_owned())
    }
}
