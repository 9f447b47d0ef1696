//! A single-line text field with a cursor, for URLs and filter words.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;

use crate::units::{TypedUrl, TypedUrlError, is_unsafe_for_terminal};

/// One line of text with a cursor in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TextInput {
    /// Text left of the cursor.
    before: String,
    /// Text right of the cursor.
    after: String,
}

impl TextInput {
    /// Maximum length of the text.
    const MAX_BYTES: usize = 8_192;

    pub(super) fn with_text(text: &str) -> Self {
        let mut address = Self::default();
        address.insert(text);
        address
    }

    /// Returns the text left and right of the cursor.
    pub(super) fn split_at_cursor(&self) -> (&str, &str) {
        (&self.before, &self.after)
    }

    pub(super) fn text(&self) -> String {
        format!("{}{}", self.before, self.after).trim().to_owned()
    }

    /// Inserts text at the cursor. Line ends and control characters are left out, since a pasted
    /// URL often contains some.
    pub(super) fn insert(&mut self, text: &str) {
        let room = Self::MAX_BYTES.saturating_sub(self.before.len() + self.after.len());
        let fitting = text
            .trim_matches(['\r', '\n'])
            .chars()
            .filter(|&c| !is_unsafe_for_terminal(c));
        let mut taken = 0;
        self.before.extend(fitting.take_while(|c| {
            taken += c.len_utf8();
            taken <= room
        }));
    }

    /// Handles a key; `false` if it is not an editing key.
    pub(super) fn handle_key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if control => self.before.clear(),
            KeyCode::Char('k') if control => self.after.clear(),
            KeyCode::Char('w') if control => self.erase_word(),
            KeyCode::Char('a') if control => self.move_to_start(),
            KeyCode::Char('e') if control => self.move_to_end(),
            KeyCode::Char(c) if !control => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace => drop(self.take_left()),
            KeyCode::Delete => drop(self.take_right()),
            KeyCode::Left => {
                let moved = self.take_left();
                self.after.insert_str(0, &moved);
            }
            KeyCode::Right => {
                let moved = self.take_right();
                self.before.push_str(&moved);
            }
            KeyCode::Home => self.move_to_start(),
            KeyCode::End => self.move_to_end(),
            _ => return false,
        }
        true
    }

    fn move_to_start(&mut self) {
        self.after.insert_str(0, &std::mem::take(&mut self.before));
    }

    fn move_to_end(&mut self) {
        self.before.push_str(&std::mem::take(&mut self.after));
    }

    fn erase_word(&mut self) {
        let kept = self
            .before
            .trim_end_matches(|c: char| !c.is_alphanumeric())
            .trim_end_matches(char::is_alphanumeric)
            .len();
        self.before.truncate(kept);
    }

    fn take_left(&mut self) -> String {
        let start = self
            .before
            .grapheme_indices(true)
            .next_back()
            .map_or(0, |(start, _)| start);
        self.before.split_off(start)
    }

    fn take_right(&mut self) -> String {
        let end = self.after.graphemes(true).next().map_or(0, str::len);
        let rest = self.after.split_off(end);
        std::mem::replace(&mut self.after, rest)
    }
}

/// Checks that a URL can be requested. The error is a sentence that says what is wrong and how to
/// fix it.
pub(super) fn check_url(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("Type a URL, such as https://example.com/".to_owned());
    }
    if let Some(at) = text.find(char::is_whitespace) {
        let index = text.get(..at).unwrap_or_default().chars().count() + 1;
        return Err(format!(
            "URLs cannot contain spaces: write %20 instead of character {index}."
        ));
    }
    let typed = TypedUrl::parse(text).map_err(|mistake| format!("Not a valid URL: {mistake}."))?;
    match typed.scheme.filter(|_| !typed.is_web()) {
        Some(other) => Err(format!(
            "{}:// is not supported; use http:// or https://.",
            other.to_ascii_lowercase()
        )),
        None => typed.web_url().map(drop).map_err(|mistake| match mistake {
            TypedUrlError::NoHost => "The host is missing, as in https://example.com/".to_owned(),
            mistake => format!("Not a valid URL: {mistake}."),
        }),
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;

    fn press(address: &mut TextInput, keys: &[KeyCode]) {
        for &key in keys {
            assert!(address.handle_key(KeyEvent::new(key, KeyModifiers::NONE)));
        }
    }

    #[test]
    fn keys_edit_whole_characters() {
        let mut address = TextInput::with_text("http://héé.test/e\u{301}x");
        press(
            &mut address,
            &[
                KeyCode::Left,
                KeyCode::Backspace,
                KeyCode::Char('y'),
                KeyCode::Delete,
                KeyCode::Home,
                KeyCode::Delete,
            ],
        );
        assert_eq!(address.text(), "ttp://héé.test/y");
        assert_eq!(address.split_at_cursor(), ("", "ttp://héé.test/y"));
    }

    #[test]
    fn control_characters_are_removed_from_a_paste() {
        let mut address = TextInput::with_text("https://");
        address.insert("a.test/\x1b[2J\r\n\u{202e}b\n");
        assert_eq!(address.text(), "https://a.test/[2Jb");
        address.insert(&"x".repeat(20_000));
        assert!(address.text().len() <= TextInput::MAX_BYTES);
    }

    #[test]
    fn control_keys_work_as_in_a_shell() {
        let control = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        let mut address = TextInput::with_text("https://a.test/one-two");
        address.handle_key(control('w'));
        assert_eq!(address.text(), "https://a.test/one-");
        address.handle_key(control('a'));
        address.handle_key(control('k'));
        assert_eq!(address.text(), "");
        assert!(!address.handle_key(control('c')));
    }

    #[test]
    fn invalid_urls_are_explained() {
        for fine in [
            "https://a.test/",
            "a.test",
            "localhost:8080/x?y",
            "http://[::1]:9/",
            "192.0.2.1",
        ] {
            assert_eq!(check_url(fine), Ok(()), "{fine}");
        }
        for (wrong, says) in [
            ("", "Type a URL"),
            ("https://a.test/a b", "%20"),
            ("ftp://a.test/", "ftp:// is not supported"),
            ("http://[::1", "Not a valid URL"),
            ("https://a.test:99999/", "port"),
            ("https://", "host is missing"),
        ] {
            let said = check_url(wrong).expect_err(wrong);
            assert!(said.contains(says), "{wrong}: {said}");
        }
    }
}
