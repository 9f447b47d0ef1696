//! XML and HTML that is well formed by construction: whoever writes it opens and closes elements,
//! and all text and all values go through one escaping function.

use std::fmt::{Display, Write as _};

use crate::units::Untrusted;

/// A document, or a part of one, that is being written.
#[derive(Debug, Default)]
pub(super) struct Markup {
    out: String,
    open: Vec<&'static str>,
}

/// An attribute's name and value.
pub(super) type Attribute<'a> = (&'static str, &'a dyn Display);

impl Markup {
    /// Begins an element that will have content.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.begin(name, attributes);
        self.out.push('>');
        self.open.push(name);
    }

    /// Ends the element that was begun last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.out.extend(["</", name, ">\n"]);
        }
    }

    /// An element without content, as XML writes it.
    pub(super) fn empty_element(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.begin(name, attributes);
        self.out.push_str("/>\n");
    }

    /// An element that HTML has no end for.
    pub(super) fn void_element(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.begin(name, attributes);
        self.out.push_str(">\n");
    }

    /// An element with nothing but text.
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

    /// Text.
    pub(super) fn text(&mut self, text: &str) {
        self.out.push_str(&escape_markup(text));
    }

    /// What is markup already: a style sheet, a part that was written apart.
    pub(super) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// The whole, with every element closed.
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

/// Text as it may stand in XML and HTML, in elements and in quoted attributes. Characters that act
/// on a terminal are spelt out, which are most of those that XML forbids (XML 1.0 §2.2); what
/// Unicode says is no character is left out.
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

/// Unicode §23.7: the last two of each plane, and 32 in between.
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
    fn what_was_left_open_is_closed() {
        let mut markup = Markup::default();
        markup.open("g", &[]);
        markup.open("g", &[]);
        markup.empty_element("path", &[("d", &"M0 0")]);
        assert_eq!(markup.finish(), "<g><g><path d=\"M0 0\"/>\n</g>\n</g>\n");
    }
}
