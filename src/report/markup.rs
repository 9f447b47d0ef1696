//! A writer for XML and HTML that is well-formed by construction: elements are opened and closed by
//! calls, and all text and attribute values are escaped.

use std::fmt::{Display, Write as _};

use crate::units::Untrusted;

/// A document or fragment in progress.
#[derive(Debug, Default)]
pub(super) struct Markup {
    out: String,
    open: Vec<&'static str>,
}

/// An attribute's name and value.
pub(super) type Attribute<'a> = (&'static str, &'a dyn Display);

impl Markup {
    /// Opens an element with content.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.begin(name, attributes);
        self.out.push('>');
        self.open.push(name);
    }

    /// Closes the element that was opened last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.out.extend(["</", name, ">\n"]);
        }
    }

    /// Adds an empty element in XML syntax.
    pub(super) fn empty_element(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.begin(name, attributes);
        self.out.push_str("/>\n");
    }

    /// Adds an HTML void element.
    pub(super) fn void_element(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.begin(name, attributes);
        self.out.push_str(">\n");
    }

    /// Adds an element that contains only text.
    pub(super) fn text_element(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        text: &str,
    ) {
        self.open(name, attributes);
        self.text(text);
        self.close();
    }

    /// Adds text.
    pub(super) fn text(&mut self, text: &str) {
        self.out.push_str(&escape_markup(text));
    }

    /// Adds markup unchanged: a style sheet, or a fragment that was written separately.
    pub(super) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// Closes all elements and returns the document.
    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    fn begin(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.out.extend(["<", name]);
        for (name, value) in attributes {
            let _ = write!(
                self.out,
                " {name}=\"{}\"",
                escape_markup(&value.to_string())
            );
        }
    }
}

/// Escapes text for elements and quoted attributes in XML and HTML. Control characters, which
/// include most of those that XML forbids (XML 1.0 §2.2), are spelled out; Unicode noncharacters
/// are removed.
pub(super) fn escape_markup(text: &str) -> String {
    let text = Untrusted::new(text);
    let mut out = String::with_capacity(text.raw().len() + 16);
    for c in text.escaped().chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ if is_noncharacter(c) => {}
            _ => out.push(c),
        }
    }
    out
}

/// Noncharacters (Unicode §23.7): the last two of each plane, and 32 others.
fn is_noncharacter(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_text_or_of_a_value() {
        let hostile = "a</title><script>\"'&\u{1b}[2J\u{0}\u{202e}\u{ffff}\u{fdd0}b";
        let mut markup = Markup::default();
        markup.text_element("p", &[("title", &hostile)], hostile);
        let safe = r"a&lt;/title&gt;&lt;script&gt;&quot;&#39;&amp;\x1b[2J\x00\u{202e}b";
        assert_eq!(markup.finish(), format!("<p title=\"{safe}\">{safe}</p>\n"));
    }

    #[test]
    fn open_elements_are_closed_at_the_end() {
        let mut markup = Markup::default();
        markup.open("g", &[]);
        markup.open("g", &[]);
        markup.empty_element("path", &[("d", &"M0 0")]);
        assert_eq!(markup.finish(), "<g><g><path d=\"M0 0\"/>\n</g>\n</g>\n");
    }
}
