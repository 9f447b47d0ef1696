//! Reader of a form option's value and its parameters: quotes, `;` and separators.

/// Error: text follows the closing quote of a value.
pub(super) struct TextAfterQuote;

/// The unparsed rest of a form option.
pub(super) struct ValueReader<'t> {
    pub(super) text: &'t str,
    /// A character that ends a value, besides `;`.
    pub(super) end: Option<char>,
}

impl<'t> ValueReader<'t> {
    pub(super) fn skip(&mut self, bytes: usize) {
        self.text = self.text.get(bytes..).unwrap_or_default();
    }

    fn is_end(&self, c: char) -> bool {
        c == ';' || Some(c) == self.end
    }

    /// Skips a `;`; returns false if there is none.
    pub(super) fn next_parameter(&mut self) -> bool {
        let Some(rest) = self.text.strip_prefix(';') else {
            return false;
        };
        self.text = rest;
        true
    }

    /// The known parameter that comes next.
    pub(super) fn key(&self) -> Option<&'static str> {
        let begins = |key: &&str| {
            let text = self.text.trim_start();
            text.get(..key.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(key))
                && text
                    .get(key.len()..)
                    .is_some_and(|rest| rest.starts_with('='))
        };
        ["type", "filename", "encoder", "headers"]
            .into_iter()
            .find(begins)
    }

    pub(super) fn skip_key(&mut self, key: &str) {
        self.text = self.text.trim_start();
        self.skip(key.len() + 1);
    }

    /// The text after the end of this value.
    pub(super) fn rest(&self) -> Option<&'t str> {
        self.end.and_then(|end| self.text.strip_prefix(end))
    }

    /// Takes the text up to the next end, without trailing spaces.
    pub(super) fn take_until_end(&mut self) -> String {
        let at = self
            .text
            .find(|c| self.is_end(c))
            .unwrap_or(self.text.len());
        let word = self
            .text
            .get(..at)
            .unwrap_or_default()
            .trim_end()
            .to_owned();
        self.skip(at);
        word
    }

    pub(super) fn take_trimmed(&mut self) -> String {
        self.take_until_end().trim_start().to_owned()
    }

    /// Takes a value and unquotes it. An unclosed quote is an ordinary character.
    ///
    /// # Errors
    /// Text follows the closing quote.
    pub(super) fn take_value(&mut self) -> Result<String, TextAfterQuote> {
        self.text = self.text.trim_start();
        let Some((word, length)) = parse_quoted(self.text) else {
            return Ok(self.take_trimmed());
        };
        self.skip(length);
        if self.take_trimmed().is_empty() {
            Ok(word)
        } else {
            Err(TextAfterQuote)
        }
    }
}

/// Parses a quoted string at the beginning of `text`. Returns its content and its length including
/// quotes; `\"` and `\\` are the only escapes.
fn parse_quoted(text: &str) -> Option<(String, usize)> {
    let mut word = String::new();
    let mut chars = text.strip_prefix('"')?.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((word, at + 2)),
            '\\' => match chars.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, next)) => word.push(next),
                None => word.push('\\'),
            },
            c => word.push(c),
        }
    }
    None
}
