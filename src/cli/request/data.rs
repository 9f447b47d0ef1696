//! `-d`, `--data-binary`, `--data-raw`, `--data-urlencode`, `--json`, `-G`.

use std::io::Read;

use bytes::Bytes;
use clap::ArgMatches;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use url::Url;

use super::shown;
use crate::cli::args::RequestArgs;
use crate::cli::usage::Usage;
use crate::probe::spec::Body;

/// What a body file may hold; it is kept in memory.
const MOST: u64 = 1 << 30;
/// RFC 3986's unreserved characters stay, as with curl.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The data options' body, if there were any.
pub(super) struct Data {
    pub(super) body: Option<Body>,
}

/// Joins the data options in the order they were given: `--json` parts directly, all others with `&`.
pub(super) fn collect(args: &RequestArgs, matches: &ArgMatches) -> Result<Data, Usage> {
    let parts = in_order(args, matches);
    if parts.is_empty() {
        return Ok(Data { body: None });
    }
    let json = !args.json.is_empty();
    let mut bytes = Vec::new();
    for (i, (kind, text)) in parts.into_iter().enumerate() {
        if i > 0 && kind != Kind::Json {
            bytes.push(b'&');
        }
        bytes.extend(part(kind, text)?);
    }
    let content_type = if json { "application/json" } else { "application/x-www-form-urlencoded" };
    Ok(Data { body: Some(Body::Bytes { bytes: Bytes::from(bytes), content_type: Some(content_type), accept_json: json }) })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ascii,
    Binary,
    Raw,
    UrlEncode,
    Json,
}

fn in_order<'a>(args: &'a RequestArgs, matches: &ArgMatches) -> Vec<(Kind, &'a str)> {
    let lists = [
        (Kind::Ascii, "data", &args.data),
        (Kind::Binary, "data_binary", &args.data_binary),
        (Kind::Raw, "data_raw", &args.data_raw),
        (Kind::UrlEncode, "data_urlencode", &args.data_urlencode),
        (Kind::Json, "json", &args.json),
    ];
    let mut parts: Vec<(usize, Kind, &str)> = Vec::new();
    for (kind, id, values) in lists {
        let indices = matches.indices_of(id).into_iter().flatten();
        parts.extend(indices.zip(values).map(|(index, value)| (index, kind, value.as_str())));
    }
    parts.sort_by_key(|(index, _, _)| *index);
    parts.into_iter().map(|(_, kind, value)| (kind, value)).collect()
}

fn part(kind: Kind, text: &str) -> Result<Vec<u8>, Usage> {
    match (kind, text.strip_prefix('@')) {
        (Kind::Raw, _) => Ok(text.as_bytes().to_vec()),
        (Kind::UrlEncode, _) => url_encoded(text),
        (Kind::Ascii, Some(file)) => {
            let mut bytes = read_for("-d", file)?;
            bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            Ok(bytes)
        }
        (Kind::Json, Some(file)) => read_for("--json", file),
        (Kind::Binary, Some(file)) => read_for("--data-binary", file),
        (_, None) => Ok(text.as_bytes().to_vec()),
    }
}

/// `content`, `=content`, `name=content`, `@file`, `name@file`.
fn url_encoded(text: &str) -> Result<Vec<u8>, Usage> {
    // A space is a plus in a form (application/x-www-form-urlencoded).
    let encode = |bytes: &[u8]| percent_encoding::percent_encode(bytes, KEPT).to_string().replace("%20", "+");
    let place = text.find(['=', '@']);
    let Some(place) = place else { return Ok(encode(text.as_bytes()).into_bytes()) };
    let (name, rest) = text.split_at(place);
    let content = match rest.strip_prefix('@') {
        Some(file) => encode(&read_for("--data-urlencode", file)?),
        None => encode(rest.get(1..).unwrap_or_default().as_bytes()),
    };
    Ok(if name.is_empty() { content } else { format!("{name}={content}") }.into_bytes())
}

/// `-G`: the data becomes the end of the query.
pub(super) fn move_into_query(url: &mut Url, body: Option<Body>) {
    let Some(Body::Bytes { bytes, .. }) = body else { return };
    let data = String::from_utf8_lossy(&bytes).into_owned();
    let query = match url.query() {
        Some(query) if !query.is_empty() => format!("{query}&{data}"),
        _ => data,
    };
    url.set_query(Some(&query));
}

/// A file's text; `-` is standard input.
pub(in crate::cli) fn read_text(file: &str) -> Result<String, Usage> {
    String::from_utf8(read(file)?).map_err(|_| Usage::new(format!("'{}' is not UTF-8 text", shown(file))))
}

/// The bytes of a file that an option names.
fn read_for(option: &str, file: &str) -> Result<Vec<u8>, Usage> {
    read(file).map_err(|usage| Usage::new(format!("{option} @: {usage}")))
}

/// A file's bytes; `-` is standard input.
fn read(file: &str) -> Result<Vec<u8>, Usage> {
    let failed = |error: std::io::Error| Usage::new(format!("'{}' cannot be read: {error}", shown(file)));
    let mut bytes = Vec::new();
    if file == "-" {
        std::io::stdin().lock().take(MOST).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        std::fs::File::open(file).and_then(|file| file.take(MOST).read_to_end(&mut bytes)).map_err(failed)?;
    }
    if bytes.len() as u64 == MOST {
        return Err(Usage::new(format!("'{}' is larger than a body given on the command line may be (1 GiB)", shown(file))));
    }
    Ok(bytes)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn url_encoding_follows_curls_forms() {
        for (text, wanted) in [("a b&c", "a+b%26c"), ("=a b", "a+b"), ("name=a/b", "name=a%2Fb"), ("x~y", "x~y")] {
            assert_eq!(String::from_utf8(url_encoded(text).unwrap()).unwrap(), wanted);
        }
    }

    #[test]
    fn get_appends_to_the_query_that_is_there() {
        let mut url = Url::parse("http://host/p?a=1").unwrap();
        move_into_query(&mut url, Some(Body::Bytes { bytes: Bytes::from_static(b"b=2"), content_type: None, accept_json: false }));
        assert_eq!(url.as_str(), "http://host/p?a=1&b=2");
    }
}
