//! Mermaid sequence diagrams (<https://mermaid.js.org/syntax/sequenceDiagram.html>).

use std::fmt::Write as _;

use crate::units::Untrusted;

/// A participant, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Participant(pub(super) usize);

/// Style of a message's arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrow {
    /// A request.
    Solid,
    /// A response.
    Dashed,
    /// Adds a rejection.
    Crossed,
    /// A note over the sender.
    Note,
}

/// A line of the diagram.
pub(super) struct SequenceLine {
    pub(super) from: Participant,
    pub(super) to: Participant,
    pub(super) arrow: Arrow,
    pub(super) text: String,
}

/// Maximum length of a line's text.
const MAX_CHARACTERS: usize = 90;

/// A diagram as Markdown. Participants are declared in order.
pub(super) fn render_sequence_diagram(parties: &[String], lines: &[SequenceLine]) -> String {
    let mut out = String::from("```mermaid\nsequenceDiagram\n");
    for (i, name) in parties.iter().enumerate() {
        let _ = writeln!(out, "    participant p{i} as {}", escape_text(name));
    }
    for SequenceLine {
        from,
        to,
        arrow,
        text,
    } in lines
    {
        let from = from.0;
        let to = to.0;
        let text = escape_text(text);
        let _ = match arrow {
            Arrow::Solid => writeln!(out, "    p{from}->>p{to}: {text}"),
            Arrow::Dashed => writeln!(out, "    p{from}-->>p{to}: {text}"),
            Arrow::Crossed => writeln!(out, "    p{from}--xp{to}: {text}"),
            Arrow::Note => writeln!(out, "    Note over p{from}: {text}"),
        };
    }
    out + "```"
}

/// Escapes text: characters that Mermaid or HTML might interpret are written as numeric entities,
/// which Mermaid supports.
fn escape_text(text: &str) -> String {
    let text = Untrusted::new(text);
    let escaped = text.escaped();
    let mut out = String::with_capacity(escaped.len());
    for (i, c) in escaped.trim().chars().enumerate() {
        if i == MAX_CHARACTERS {
            out.push('…');
            break;
        }
        if c.is_alphanumeric() || " .,:/()[]-+='@·—→…_?*!|".contains(c) {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    // Mermaid rejects an empty text.
    if out.is_empty() {
        "—".to_owned()
    } else {
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for (text, written) in [
            ("GET /users?a=1&b=2", "GET /users?a=1#38;b=2"),
            (
                "a;b\nend\n%%{init: {}}%%",
                "a#59;b#92;x0aend#92;x0a#37;#37;#123;init: #123;#125;#125;#37;#37;",
            ),
            (
                "<img src=x onerror=\"1\">",
                "#60;img src=x onerror=#34;1#34;#62;",
            ),
            ("#35; `$$x$$`", "#35;35#59; #96;#36;#36;x#36;#36;#96;"),
            (" ", "—"),
        ] {
            assert_eq!(escape_text(text), written);
        }
        assert_eq!(
            escape_text(&"x".repeat(1_000)).chars().count(),
            MAX_CHARACTERS + 1
        );
    }

    #[test]
    fn lines_are_drawn_by_their_arrows() {
        let line = |arrow| SequenceLine {
            from: Participant(0),
            to: Participant(1),
            arrow,
            text: "t".to_owned(),
        };
        let lines = [Arrow::Solid, Arrow::Dashed, Arrow::Crossed, Arrow::Note].map(line);
        let written = render_sequence_diagram(&["me".to_owned(), "b".to_owned()], &lines);
        let wanted = "```mermaid\nsequenceDiagram\n    participant p0 as me\n    participant p1 \
            as b\n    p0->>p1: t\n    p0-->>p1: t\n    \
                      p0--xp1: t\n    Note over p0: t\n```";
        assert_eq!(written, wanted);
    }
}
