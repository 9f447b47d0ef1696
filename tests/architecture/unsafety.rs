//! `unsafe` stands in `sys` alone, and each with the reason why it is sound.

use proc_macro2::{TokenStream, TokenTree};

use super::complaint::Complaint;
use super::source::Source;

/// The wall around `unsafe`.
pub(super) fn check(source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for place in places(source.tokens.clone()) {
        if source.room() != "sys" {
            complaints.push(source.complaint(
                place.line,
                format!("`{}`", place.word),
                "`sys` is the only room with `unsafe`",
            ));
        } else if place.needs_reason && !has_reason(&source.text, place.line) {
            complaints.push(source.complaint(
                place.line,
                "`unsafe`",
                "each `unsafe` says in a `// SAFETY:` comment before it why it is sound",
            ));
        }
    }
    complaints
}

struct Place {
    line: usize,
    word: &'static str,
    /// A block or an implementation promises something itself; a declaration (`unsafe fn`) asks
    /// its caller to.
    needs_reason: bool,
}

fn places(tokens: TokenStream) -> Vec<Place> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => found.extend(places(group.stream())),
            TokenTree::Ident(ident) if ident == "unsafe" => {
                let declares = matches!(
                    tokens.get(i + 1),
                    Some(TokenTree::Ident(next)) if next == "fn" || next == "extern"
                );
                found.push(Place {
                    line: ident.span().start().line,
                    word: "unsafe",
                    needs_reason: !declares,
                });
            }
            TokenTree::Ident(ident) if ident == "unsafe_code" => {
                found.push(Place {
                    line: ident.span().start().line,
                    word: "unsafe_code",
                    needs_reason: false,
                });
            }
            _ => {}
        }
    }
    found
}

/// Whether a `// SAFETY:` comment stands on the line or right before the statement it begins or
/// continues.
fn has_reason(text: &str, line: usize) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let Some(index) = line.checked_sub(1).filter(|index| *index < lines.len()) else {
        return false;
    };
    if says_why(lines[index]) {
        return true;
    }
    let before = lines[..index].iter().rev();
    let mut part = before.take_while(|line| !ends_a_statement(line));
    part.any(|line| says_why(line))
}

fn says_why(line: &str) -> bool {
    line.split_once("// SAFETY:")
        .is_some_and(|(_, reason)| !reason.trim().is_empty())
}

fn ends_a_statement(line: &str) -> bool {
    line.is_empty()
        || (!line.starts_with("//")
            && !line.starts_with("#[")
            && [';', '{', '}'].iter().any(|end| line.ends_with(*end)))
}
