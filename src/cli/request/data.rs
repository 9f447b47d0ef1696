//! Body options: `-d`, `--data-binary`, `--data-raw`, `--data-urlencode`, `--json`, `-G`.

use bytes::Bytes;
use clap::ArgMatches;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use url::Url;

use super::input::RequestInput;
use crate::cli::args::RequestArgs;
use crate::cli::exit::UsageError;
use crate::probe::spec::Body;

/// Characters that are percent-encoded in a query (RFC 3986 §3.4).
const QUERY_ENCODE_SET: &AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\'');
/// Characters that are percent-encoded in form data: all but RFC 3986's unreserved ones, as in
/// curl.
const FORM_ENCODE_SET: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The body given by the data options, if there were any.
pub(super) struct Data {
    pub(super) body: Option<Body>,
}

/// Joins the data options in the order given: `--json` parts directly, all others with `&`.
pub(super) fn collect(
    args: &RequestArgs,
    matches: &ArgMatches,
    input: &mut RequestInput,
) -> Result<Data, UsageError> {
    let parts = options_in_order(args, matches);
    if parts.is_empty() {
        return Ok(Data { body: None });
    }
    let json = !args.json.is_empty();
    let mut bytes = Bytes::new();
    for (i, (kind, text)) in parts.into_iter().enumerate() {
        let part = part_bytes(kind, text, input)?;
        let glue: &[u8] = if i > 0 && kind != DataKind::Json {
            b"&"
        } else {
            b""
        };
        // Usually there is just one part, which may be large, so it is not copied.
        bytes = if i == 0 {
            part
        } else {
            Bytes::from([&bytes, glue, &part].concat())
        };
    }
    let content_type = if json {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    };
    Ok(Data {
        body: Some(Body::Bytes {
            bytes,
            content_type: Some(content_type),
            accept_json: json,
        }),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DataKind {
    Ascii,
    Binary,
    Raw,
    UrlEncode,
    Json,
}

fn options_in_order<'a>(args: &'a RequestArgs, matches: &ArgMatches) -> Vec<(DataKind, &'a str)> {
    let lists = [
        (DataKind::Ascii, "data", &args.data),
        (DataKind::Binary, "data_binary", &args.data_binary),
        (DataKind::Raw, "data_raw", &args.data_raw),
        (DataKind::UrlEncode, "data_urlencode", &args.data_urlencode),
        (DataKind::Json, "json", &args.json),
    ];
    let mut parts: Vec<(usize, DataKind, &str)> = Vec::new();
    for (kind, id, values) in lists {
        let indices = matches.indices_of(id).into_iter().flatten();
        parts.extend(
            indices
                .zip(values)
                .map(|(index, value)| (index, kind, value.as_str())),
        );
    }
    parts.sort_by_key(|(index, _, _)| *index);
    parts
        .into_iter()
        .map(|(_, kind, value)| (kind, value))
        .collect()
}

fn part_bytes(kind: DataKind, text: &str, input: &mut RequestInput) -> Result<Bytes, UsageError> {
    match (kind, text.strip_prefix('@')) {
        (DataKind::UrlEncode, _) => url_encoded(text, input),
        (DataKind::Ascii, Some(file)) => {
            let mut bytes = Vec::from(read_for("-d", file, input)?);
            bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            Ok(Bytes::from(bytes))
        }
        (DataKind::Json, Some(file)) => read_for("--json", file, input),
        (DataKind::Binary, Some(file)) => read_for("--data-binary", file, input),
        (DataKind::Raw, _) | (_, None) => Ok(Bytes::from(text.to_owned())),
    }
}

/// `content`, `=content`, `name=content`, `@file`, `name@file`.
fn url_encoded(text: &str, input: &mut RequestInput) -> Result<Bytes, UsageError> {
    // Spaces become plus signs in application/x-www-form-urlencoded.
    let encode = |bytes: &[u8]| {
        percent_encoding::percent_encode(bytes, FORM_ENCODE_SET)
            .to_string()
            .replace("%20", "+")
    };
    let place = text.find(['=', '@']);
    let Some(place) = place else {
        return Ok(Bytes::from(encode(text.as_bytes())));
    };
    let (name, rest) = text.split_at(place);
    let content = match rest.strip_prefix('@') {
        Some(file) => encode(&read_for("--data-urlencode", file, input)?),
        None => encode(rest.get(1..).unwrap_or_default().as_bytes()),
    };
    Ok(Bytes::from(if name.is_empty() {
        content
    } else {
        format!("{name}={content}")
    }))
}

/// `-G`: appends the data to the query.
pub(super) fn move_into_query(url: &mut Url, body: Option<Body>) {
    let Some(Body::Bytes { bytes, .. }) = body else {
        return;
    };
    let data = percent_encoding::percent_encode(&bytes, QUERY_ENCODE_SET).to_string();
    let query = match url.query() {
        Some(query) if !query.is_empty() && !query.ends_with('&') => format!("{query}&{data}"),
        Some(query) => format!("{query}{data}"),
        _ => data,
    };
    url.set_query(Some(&query));
}

/// Reads a file named by an option.
fn read_for(option: &str, file: &str, input: &mut RequestInput) -> Result<Bytes, UsageError> {
    input
        .read(file)
        .map_err(|usage| UsageError::new(format!("{option} @: {usage}")))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn url_encoding_follows_curls_forms() {
        for (text, wanted) in [
            ("a b&c", "a+b%26c"),
            ("=a b", "a+b"),
            ("name=a/b", "name=a%2Fb"),
            ("x~y", "x~y"),
        ] {
            assert_eq!(
                String::from_utf8(
                    url_encoded(text, &mut RequestInput::default())
                        .unwrap()
                        .into()
                )
                .unwrap(),
                wanted
            );
        }
    }

    #[test]
    fn get_appends_to_the_query_that_is_there() {
        let mut url = Url::parse("http://host/p?a=1").unwrap();
        move_into_query(
            &mut url,
            Some(Body::Bytes {
                bytes: Bytes::from_static(b"b=2"),
                content_type: None,
                accept_json: false,
            }),
        );
        assert_eq!(url.as_str(), "http://host/p?a=1&b=2");
        let bytes = Bytes::from_static(b"c=\xff \x00#%41");
        move_into_query(
            &mut url,
            Some(Body::Bytes {
                bytes,
                content_type: None,
                accept_json: false,
            }),
        );
        assert_eq!(
            url.as_str(),
            "http://host/p?a=1&b=2&c=%FF%20%00%23%41",
            "no byte is lost"
        );
    }
}
