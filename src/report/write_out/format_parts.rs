//! Parser of `-w` formats.

/// A part of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FormatPart<'a> {
    /// Literal text, with escapes resolved.
    Text(String),
    /// `%{name}`
    Variable(&'a str),
    /// `%header{name}`
    Header(&'a str),
    /// `%output{file}`
    Output,
}

/// Splits a format into parts. Anything unknown is literal text, as in curl.
pub(super) fn parse(format: &str) -> Vec<FormatPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find(['%', '\\']) {
        let (before, from) = rest.split_at(at);
        push_text(&mut parts, before);
        let (part, after) = parse_special(from);
        match part {
            FormatPart::Text(text) => push_text(&mut parts, &text),
            part => parts.push(part),
        }
        rest = after;
    }
    push_text(&mut parts, rest);
    parts
}

fn push_text(parts: &mut Vec<FormatPart>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(FormatPart::Text(last)) => last.push_str(text),
        _ => parts.push(FormatPart::Text(text.to_owned())),
    }
}

/// Parses the part at the beginning of a text that starts with `%` or `\`. Also returns the rest.
fn parse_special(text: &str) -> (FormatPart<'_>, &str) {
    const PLAIN: [(&str, &str); 4] = [("%%", "%"), ("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t")];
    if let Some((from, to)) = PLAIN.iter().find(|(from, _)| text.starts_with(from)) {
        return (
            FormatPart::Text((*to).to_owned()),
            text.get(from.len()..).unwrap_or_default(),
        );
    }
    let braced = |start: &str| text.strip_prefix(start)?.split_once('}');
    if let Some((name, after)) = braced("%{") {
        return (FormatPart::Variable(name), after);
    }
    if let Some((name, after)) = braced("%header{") {
        return (FormatPart::Header(name), after);
    }
    if let Some((_, after)) = braced("%output{") {
        return (FormatPart::Output, after);
    }
    // An unknown escape is literal text, together with the character after it.
    let length = text.chars().take(2).map(char::len_utf8).sum();
    let (own, after) = text.split_at_checked(length).unwrap_or((text, ""));
    (FormatPart::Text(own.to_owned()), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> FormatPart<'_> {
        FormatPart::Text(text.to_owned())
    }

    #[test]
    fn variables_headers_and_escapes_are_distinguished() {
        assert_eq!(
            parse(r"a%{http_code}\n%header{Content-Type}%%\t%output{f}z"),
            [
                text("a"),
                FormatPart::Variable("http_code"),
                text("\n"),
                FormatPart::Header("Content-Type"),
                text("%\t"),
                FormatPart::Output,
                text("z")
            ]
        );
    }

    #[test]
    fn unknown_syntax_is_literal_text() {
        for odd in [
            "a%xb",
            "a\\",
            "a%{http_code",
            "a%header{x",
            "x%",
            r"\z",
            "%é\\東",
            "100% \\",
        ] {
            assert_eq!(parse(odd), [text(odd)], "{odd}");
        }
        assert_eq!(parse(r"\\n"), [text(r"\\n")]);
        assert_eq!(parse(""), []);
    }
}
