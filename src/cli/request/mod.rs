//! From the command line to a [`Spec`].

mod address;
mod cookies;
mod data;
mod form;
mod input;
mod proxy;
mod shown;

pub(super) use cookies::CookieFiles;
pub(super) use input::read_text;
pub(super) use shown::shown_url;

use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::time::Duration;

use clap::ArgMatches;
use url::Url;

use self::input::Input;
use super::args::RequestArgs;
use super::usage::Usage;
use crate::probe::Spec;
use crate::probe::spec::{
    Body, Dns, Family, HeaderRule, HttpChoice, KeyLogTroubles, Output, Redirects, TlsChoice,
    TlsVersion,
};
use crate::units::{Secret, TypedUrl, UrlMistake};
use shown::{shown, shown_name};

/// Makes the spec for one URL. `matches` tells the order of options that may be mixed.
pub(super) fn spec(
    url: &str,
    args: &RequestArgs,
    matches: &ArgMatches,
    files: &CookieFiles,
) -> Result<Spec, Usage> {
    refuse_what_is_not_there(args)?;
    let mut url = parse_url(url)?;
    let body = body(&mut url, args, matches)?;
    let credentials = credentials(&mut url, args)?;
    let no_proxy = proxy::exceptions(args);
    let proxy = proxy::choose(&url, args)?;
    let mut spec = Spec::get(url);
    spec.method.clone_from(&args.method);
    spec.headers = headers(&args.headers)?;
    spec.body = body;
    spec.head_only = args.head;
    spec.fail_on_status = args.fail;
    spec.user_agent.clone_from(&args.user_agent);
    (spec.referer, spec.referer_auto) = referer(args.referer.as_deref());
    spec.credentials = credentials;
    spec.bearer = args.oauth2_bearer.clone().map(Secret::new);
    spec.cookies = files.cookies(args, &spec.url)?;
    spec.compressed = args.compressed;
    spec.redirects = redirects(args);
    spec.family = family(args);
    spec.dns = dns(args)?;
    spec.resolve = args
        .resolve
        .iter()
        .map(|rule| address::resolve(rule))
        .collect::<Result<_, _>>()?;
    spec.connect_to = args
        .connect_to
        .iter()
        .map(|rule| address::connect_to(rule))
        .collect::<Result<_, _>>()?;
    spec.unix_socket.clone_from(&args.unix_socket);
    spec.proxy = proxy;
    spec.no_proxy = no_proxy;
    spec.http = http(args);
    spec.tls = tls(args)?;
    spec.max_time = args
        .max_time
        .filter(|seconds| *seconds > 0.0)
        .map(Duration::from_secs_f64);
    spec.connect_timeout = Some(args.connect_timeout)
        .filter(|seconds| *seconds > 0.0)
        .map_or(Spec::CONNECT_TIMEOUT, Duration::from_secs_f64);
    spec.output = args.output.as_deref().map(output);
    spec.repeat = args.repeat.max(1);
    spec.interval = Duration::from_secs_f64(args.interval);
    spec.control = args.control;
    Ok(spec)
}

/// The body of the data or the form options; with `-G` the data goes into the query.
fn body(url: &mut Url, args: &RequestArgs, matches: &ArgMatches) -> Result<Option<Body>, Usage> {
    let mut input = Input::default();
    let mut body = data::collect(args, matches, &mut input)?.body;
    if args.get {
        data::move_into_query(url, body.take());
    }
    if let Some(form) = form::collect(args, matches, &mut input)? {
        if body.is_some() {
            return Err(Usage::new(
                "-F and -d cannot go together: a body is either a multipart form or data",
            ));
        }
        body = Some(Body::Form(form));
    }
    if args.head && body.is_some() {
        return Err(Usage::new(
            "-I and -d or -F cannot go together: HEAD has no body; with -G the data goes into the \
                query",
        ));
    }
    Ok(body)
}

fn refuse_what_is_not_there(args: &RequestArgs) -> Result<(), Usage> {
    let asked = [(args.http3 || args.http3_only, "HTTP/3 (--http3)")];
    match asked.iter().find(|(asked, _)| *asked) {
        Some((_, what)) => Err(Usage::new(format!("{what} is not there yet"))),
        None => Ok(()),
    }
}

/// Reads a URL as curl does where it has no scheme (`http://` is meant), and as browsers do where it has one.
fn parse_url(text: &str) -> Result<Url, Usage> {
    const LATER: [&str; 11] = [
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
    let mistaken = |mistake: UrlMistake| {
        Usage::new(format!(
            "'{}' is not a URL: {mistake}; one looks like https://example.com/path",
            shown_url(text)
        ))
    };
    let typed = TypedUrl::parse(text).map_err(mistaken)?;
    match typed
        .scheme
        .filter(|_| !typed.is_web())
        .map(str::to_ascii_lowercase)
    {
        None => typed.web_url().map_err(mistaken),
        Some(later) if LATER.contains(&later.as_str()) => Err(Usage::new(format!(
            "the scheme {later}:// is not there yet; http and https are"
        ))),
        Some(other) if text.contains("://") => Err(Usage::new(format!(
            "the scheme '{other}' is not supported; http and https are"
        ))),
        Some(other) => Err(Usage::new(format!(
            "the scheme '{other}' is not supported; http and https are; a host named '{other}' is \
                written as http://{other}/"
        ))),
    }
}

/// `-u`, else the userinfo of the URL, which is taken out of it either way.
fn credentials(
    url: &mut Url,
    args: &RequestArgs,
) -> Result<Option<Secret<(String, String)>>, Usage> {
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
        return Err(Usage::new("the URL cannot carry a user name"));
    }
    let given = args.user.as_deref().map(|user| {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        (name.to_owned(), password.to_owned())
    });
    Ok(given.or(of_url).map(Secret::new))
}

fn headers(lines: &[String]) -> Result<Vec<HeaderRule>, Usage> {
    let mut rules = Vec::new();
    for line in lines {
        if let Some(file) = line.strip_prefix('@') {
            let text = read_text(file)?;
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                rules.push(header(line)?);
            }
        } else {
            rules.push(header(line)?);
        }
    }
    Ok(rules)
}

/// `Name: value` sets, `Name:` removes, `Name;` sets to nothing.
fn header(line: &str) -> Result<HeaderRule, Usage> {
    // The line is not repeated: where it is no field, all of it may be the secret.
    let wrong = |why: &str| Usage::new(format!("-H: {why}; 'Name: value' is wanted"));
    let misnamed = |_| {
        wrong(
            "what stands where a header field's name is wanted is no name: letters, digits and - \
                are",
        )
    };
    if let Some((name, value)) = line.split_once(':') {
        let (name, value) = (name.trim(), value.trim());
        http::HeaderName::from_bytes(name.as_bytes()).map_err(misnamed)?;
        http::HeaderValue::from_str(value)
            .or_else(|_| http::HeaderValue::from_bytes(value.as_bytes()))
            .map_err(|_| {
                wrong(&format!(
                    "the value of '{}' has a control character in it",
                    shown(name)
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
        .ok_or_else(|| wrong("a line without a colon is no header field"))?
        .trim();
    http::HeaderName::from_bytes(name.as_bytes()).map_err(misnamed)?;
    Ok(HeaderRule::Set(name.to_owned(), Secret::new(String::new())))
}

/// `URL;auto`: the URL at first, and after each redirect the URL that led there.
fn referer(given: Option<&str>) -> (Option<String>, bool) {
    match given.map(|text| text.strip_suffix(";auto").ok_or(text)) {
        None => (None, false),
        Some(Ok(url)) => (Some(url.to_owned()).filter(|url| !url.is_empty()), true),
        Some(Err(text)) => (Some(text.to_owned()), false),
    }
}

fn redirects(args: &RequestArgs) -> Redirects {
    /// A limit where none is wanted: a circle would never end.
    const MOST: u32 = 100_000;
    Redirects {
        follow: args.location || args.location_trusted,
        most: u32::try_from(args.max_redirs).unwrap_or(MOST),
        trusted: args.location_trusted,
        guard: args.redirect_guard,
    }
}

const fn family(args: &RequestArgs) -> Family {
    match (args.ipv4, args.ipv6) {
        (true, _) => Family::V4,
        (_, true) => Family::V6,
        _ => Family::Any,
    }
}

fn dns(args: &RequestArgs) -> Result<Dns, Usage> {
    if let Some(url) = &args.doh_url {
        let url = parse_url(url).map_err(|usage| Usage::new(format!("--doh-url: {usage}")))?;
        return if url.scheme() == "https" {
            Ok(Dns::Https(url))
        } else {
            Err(Usage::new("--doh-url wants an https URL"))
        };
    }
    match args.dns_servers.as_deref() {
        None => Ok(Dns::Configured),
        Some("system") => Ok(Dns::System),
        Some(list) => {
            let servers = list
                .split(',')
                .map(address::dns_server)
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Dns::Servers(servers))
        }
    }
}

const fn http(args: &RequestArgs) -> HttpChoice {
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

fn tls(args: &RequestArgs) -> Result<TlsChoice, Usage> {
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
        return Err(Usage::new(
            "--tlsv1.3 with --tls-max 1.2 leaves no TLS version to use",
        ));
    }
    for (option, file) in [
        ("--cacert", &args.cacert),
        ("--cert", &args.cert),
        ("--key", &args.key),
    ] {
        let Some(file) = file else { continue };
        // They are read while the connection is being made; that they are not there can be said at
        // once.
        if std::fs::metadata(file).is_ok_and(|found| found.file_type().is_fifo()) {
            // A pipe is read once.
            continue;
        }
        if let Err(error) = std::fs::File::open(file) {
            return Err(Usage::new(format!(
                "{option}: '{}' cannot be read: {error}",
                shown(&file.to_string_lossy())
            )));
        }
    }
    Ok(TlsChoice {
        insecure: args.insecure,
        min,
        max,
        ca_file: args.cacert.clone(),
        ca_pem: None,
        cert: args.cert.clone(),
        key: args.key.clone(),
        key_tap: None,
        key_log_troubles: KeyLogTroubles::default(),
        key_log: args.keylog.clone().or_else(|| {
            std::env::var_os("SSLKEYLOGFILE")
                .filter(|path| !path.is_empty())
                .map(Into::into)
        }),
    })
}

fn output(path: &Path) -> Output {
    if path == Path::new("-") {
        Output::Stdout
    } else {
        Output::File(path.to_owned())
    }
}
