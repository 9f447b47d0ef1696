//! Parts of a text where secrets stand by their position: user information and parameters of URLs,
//! in queries, fragments, paths, forms, JSON, and URLs within URLs.

use std::ops::Range;
use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use regex::Regex;

/// A named value in a text: `name=value`, or `"name":value` in JSON.
pub(super) struct NamedValue<'t> {
    /// The name, decoded.
    pub(super) name: &'t str,
    /// The value as written.
    pub(super) value: &'t str,
    /// Whether it belongs to a URL's query, fragment or path, or to a form: it is introduced by
    /// something other than a space.
    pub(super) is_in_url: bool,
}

/// The placeholder for user information in hints.
const PLACEHOLDER: &str = "USER:PASSWORD";

/// Adds the user information of URLs (RFC 3986 §3.2.1) in all forms that browsers accept:
/// `http://user:password@host`, `//user@host`, `http:\\user@host`, `http:user@host` (WHATWG URL,
/// special schemes), and `user:password@host` as given to curl.
pub(super) fn find_user_info(text: &str, found: &mut Vec<Range<usize>>) {
    static BEGINNINGS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let slashed = r"[A-Za-z][A-Za-z0-9+.-]*:[/\\]+";
        Regex::new(&format!(
            r#"{slashed}|(?i:\b(?:https?|wss?|ftp):)|(?:^|[\s"'(=<,\[])[/\\]{{2,}}"#
        ))
        .ok()
    });
    static BARE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?:^|[\s"'=(<])([^\s/\\"'@:=(<]+:[^\s/\\"'@]+)@[\w\[]"#).ok()
    });
    if !text.contains('@') {
        return;
    }
    for beginning in BEGINNINGS
        .iter()
        .flat_map(|beginnings| beginnings.find_iter(text))
    {
        let begin = beginning.end();
        let rest = text.get(begin..).unwrap_or_default();
        if let Some(user) =
            user_info_length(rest).filter(|user| rest.get(..*user) != Some(PLACEHOLDER))
        {
            found.push(begin..begin + user);
        }
    }
    let bare = BARE
        .iter()
        .flat_map(|bare| bare.captures_iter(text))
        .filter_map(|captures| captures.get(1));
    found.extend(
        bare.filter(|user| !has_known_scheme(user.as_str()))
            .map(|user| user.range()),
    );
}

/// The length of the user information before a host, if there is any.
fn user_info_length(rest: &str) -> Option<usize> {
    let ends_word = |c: char| c.is_whitespace() || c.is_control() || "\"<>".contains(c);
    let word = rest.get(..rest.find(ends_word).unwrap_or(rest.len()))?;
    let authority = word.get(..word.find(['/', '?', '#']).unwrap_or(word.len()))?;
    // `user:pa/ss@host`: what is in the place of a port is not a number, so the first slash does
    // not begin a path.
    let port = authority
        .rsplit_once(':')
        .filter(|(host, _)| !host.starts_with('['))
        .map(|(_, port)| port);
    let is_port = |port: &str| {
        port.trim_end_matches('\\')
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    };
    authority.rfind('@').or_else(|| {
        if port.is_none_or(is_port) {
            None
        } else {
            word.rfind('@')
        }
    })
}

/// Returns true for addresses with a scheme but no password, such as `mailto:ada@host`, and for
/// schemes that are handled separately.
fn has_known_scheme(user: &str) -> bool {
    const SCHEMES: [&str; 13] = [
        "mailto", "acct", "sip", "sips", "xmpp", "im", "pres", "tel", "http", "https", "ws", "wss",
        "ftp",
    ];
    user.split_once(':').is_some_and(|(scheme, _)| {
        SCHEMES
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

/// Adds the values of secret parameters.
pub(super) fn find_parameters(
    text: &str,
    is_secret: &dyn Fn(&NamedValue<'_>) -> bool,
    found: &mut Vec<Range<usize>>,
) {
    if text.contains('=') {
        find_assigned_values(text, is_secret, found);
    }
    let is_quoted = text.bytes().any(|byte| matches!(byte, b'"' | b'\''));
    if is_quoted && (text.contains("\":") || text.contains("':") || text.contains("\" :")) {
        find_json_values(text, is_secret, found);
    }
}

/// Adds values without a name in queries and fragments: `?abc`, `#abc`.
pub(super) fn find_nameless_values(text: &str, found: &mut Vec<Range<usize>>) {
    let mut begin = 0;
    let mut in_query = false;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let next = at + c.len_utf8();
        let piece = text.get(begin..at).unwrap_or_default();
        if in_query
            && (matches!(c, '?' | '#' | '&' | ';') || ends_value(c))
            && !piece.contains('=')
            && !piece.is_empty()
        {
            found.push(begin..at);
        }
        match c {
            // At the end of a sentence it does not begin a query.
            '?' | '#' => (begin, in_query) = (next, true),
            '&' | ';' => begin = next,
            _ if ends_value(c) => in_query = false,
            _ => {}
        }
    }
}

/// Adds secret values in `?name=value`, `&name=value`, `#name=value`, `;name=value`,
/// `name="value"`.
fn find_assigned_values(
    text: &str,
    is_secret: &dyn Fn(&NamedValue<'_>) -> bool,
    found: &mut Vec<Range<usize>>,
) {
    let mut name_at = 0;
    let mut opener = ' ';
    let mut in_query = false;
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if at < from {
            continue;
        }
        let next = at + c.len_utf8();
        match c {
            '=' => {
                let name = text.get(name_at..at).unwrap_or_default();
                let value = value_range(text, next, in_query || !matches!(opener, ';' | '/'));
                let decoded = percent_decode_str(name).decode_utf8_lossy();
                let value_text = text.get(value.clone()).unwrap_or_default();
                let is_in_url = in_query || matches!(opener, '&' | ';');
                if !name.is_empty()
                    && is_secret(&NamedValue {
                        name: &decoded,
                        value: value_text,
                        is_in_url,
                    })
                {
                    from = value.end;
                    found.push(value);
                }
                (name_at, opener) = (next, '=');
            }
            _ if ends_value(c) => (name_at, opener, in_query) = (next, ' ', false),
            '?' | '#' => (name_at, opener, in_query) = (next, c, true),
            '&' | ';' | ',' | '/' | '\\' | '(' | ')' | '{' | '}' | '|' | ':' | '@' => {
                (name_at, opener) = (next, c);
            }
            _ => {}
        }
    }
}

/// Returns true for characters that end a value anywhere.
fn ends_value(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"'<>`".contains(c)
}

/// The range of the value that begins at a position: quoted, in a query or form, or in a path
/// segment (RFC 3986 §3.3).
fn value_range(text: &str, begin: usize, of_query: bool) -> Range<usize> {
    let rest = text.get(begin..).unwrap_or_default();
    let escapes = rest.len() - rest.trim_start_matches('\\').len();
    if let Some(quote) = rest
        .get(escapes..)
        .and_then(|rest| rest.chars().next())
        .filter(|c| matches!(c, '"' | '\''))
    {
        let begin = begin + escapes + 1;
        return begin..begin + quoted_length(text.get(begin..).unwrap_or_default(), quote, escapes);
    }
    // In a query `/`, `;` and `?` are ordinary characters of a value; in a path they end it.
    let ends = |c: char| {
        ends_value(c) || matches!(c, '&' | '#') || !of_query && matches!(c, '/' | ';' | '?')
    };
    let length = rest.find(ends).unwrap_or(rest.len());
    let value = rest
        .get(..length)
        .unwrap_or_default()
        .trim_end_matches([';', ',']);
    begin..begin + value.len()
}

/// The length up to the closing quote, which is preceded by as many backslashes as the opening one.
fn quoted_length(rest: &str, quote: char, escapes: usize) -> usize {
    // Unescaped, a quote closes unless an odd number of backslashes escapes it. In JSON inside of a
    // JSON string both quotes are escaped, and more backslashes belong to a quote in the value.
    let closes = |at: usize| {
        let before = rest.get(..at).unwrap_or_default();
        let backslashes = before.len() - before.trim_end_matches('\\').len();
        if escapes == 0 {
            backslashes % 2 == 0
        } else {
            backslashes == escapes
        }
    };
    rest.match_indices(quote)
        .find(|(at, _)| closes(*at))
        .map_or(rest.len(), |(at, _)| at - escapes.min(at))
}

/// Adds secret values in `"name": "value"`, also inside a JSON string: `{\"name\":\"value\"}`.
fn find_json_values(
    text: &str,
    is_secret: &dyn Fn(&NamedValue<'_>) -> bool,
    found: &mut Vec<Range<usize>>,
) {
    static NAMES: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"["']([^"'\\]{1,256})\\*["']\s*:\s*"#).ok());
    /// Members of a JSON Web Key that are private or symmetric (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
    const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];
    const SHORTEST_MEMBER: usize = 16;
    let is_in_key = text.contains("\"kty") || text.contains("'kty");
    for captures in NAMES.iter().flat_map(|names| names.captures_iter(text)) {
        let (Some(all), Some(name)) = (captures.get(0), captures.get(1)) else {
            continue;
        };
        let value = json_value_range(text, all.end());
        let value_text = text.get(value.clone()).unwrap_or_default();
        let is_of_key = is_in_key && PRIVATE_MEMBERS.contains(&name.as_str());
        if is_of_key && value_text.len() >= SHORTEST_MEMBER
            || is_secret(&NamedValue {
                name: name.as_str(),
                value: value_text,
                is_in_url: false,
            })
        {
            found.push(value);
        }
    }
}

/// The range of a JSON value: a string without its quotes, a whole array, a number or a word; empty
/// for an object, whose members are judged individually.
fn json_value_range(text: &str, begin: usize) -> Range<usize> {
    let rest = text.get(begin..).unwrap_or_default();
    match rest.trim_start_matches('\\').chars().next() {
        Some('"' | '\'') => value_range(text, begin, true),
        Some('{') | None => begin..begin,
        Some('[') => begin..begin + rest.find(']').map_or(rest.len(), |at| at + 1),
        Some(_) => {
            begin
                ..begin
                    + rest
                        .find(|c: char| ",}]".contains(c) || c.is_whitespace())
                        .unwrap_or(rest.len())
        }
    }
}

/// The header fields in a sentence, `Name: value` up to a quote or the end of the line: their
/// names, and the ranges of their values.
pub(super) fn find_header_fields(text: &str) -> Vec<(&str, Range<usize>)> {
    static FIELDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"\b([A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)+|(?i:authorization|cookie)) ?: ?")
            .ok()
    });
    let mut fields = Vec::new();
    if !may_have_header_fields(text) {
        return fields;
    }
    for captures in FIELDS.iter().flat_map(|fields| fields.captures_iter(text)) {
        let (Some(all), Some(name)) = (captures.get(0), captures.get(1)) else {
            continue;
        };
        let quote = text
            .get(..all.start())
            .and_then(|before| before.chars().next_back())
            .filter(|c| matches!(c, '"' | '\''));
        let rest = text.get(all.end()..).unwrap_or_default();
        let length = rest
            .find(|c: char| matches!(c, '\r' | '\n') || Some(c) == quote)
            .unwrap_or(rest.len());
        fields.push((name.as_str(), all.end()..all.end() + length));
    }
    fields
}

/// Returns false if no colon is preceded by a possible field name: skips most texts cheaply.
fn may_have_header_fields(text: &str) -> bool {
    let is_of_name =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || !byte.is_ascii();
    let ends_with = |name: &[u8], word: &[u8]| {
        name.len()
            .checked_sub(word.len())
            .and_then(|at| name.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(word))
    };
    text.match_indices(':').any(|(colon, _)| {
        let before = text.as_bytes().get(..colon).unwrap_or_default();
        let before = before.strip_suffix(b" ").unwrap_or(before);
        let length = before
            .iter()
            .rev()
            .take_while(|byte| is_of_name(byte))
            .count();
        let name = before.get(before.len() - length..).unwrap_or_default();
        // A non-ASCII letter may match case-insensitively: the Kelvin sign is a `k`.
        name.contains(&b'-')
            || !name.is_ascii()
            || ends_with(name, b"authorization")
            || ends_with(name, b"cookie")
    })
}

/// Adds the matches of a pattern: its first group, or else the whole match.
pub(super) fn find_pattern_matches(pattern: &Regex, text: &str, found: &mut Vec<Range<usize>>) {
    let secrets = pattern
        .captures_iter(text)
        .filter_map(|captures| Some(captures.get(1).or_else(|| captures.get(0))?.range()));
    found.extend(secrets);
}
