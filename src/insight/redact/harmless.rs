//! A cache of texts that contain no secrets.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;

/// Texts without recognizable secrets: runs repeat the same few texts. Values that are known
/// secrets may still occur in them.
#[derive(Clone, Debug, Default)]
pub(super) struct HarmlessTexts(Option<TextTable>);

/// A table with one slot per hash value; a new text replaces the previous one in its slot.
#[derive(Clone, Debug)]
struct TextTable {
    hasher: RandomState,
    slots: Vec<String>,
}

impl HarmlessTexts {
    pub(super) const NONE: Self = Self(None);
    /// Longest text remembered, in bytes.
    const MAX_LENGTH: usize = 256;

    pub(super) fn contains(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|texts| {
            text.len() <= Self::MAX_LENGTH
                && texts
                    .slots
                    .get(texts.index(text))
                    .is_some_and(|known| known == text)
        })
    }

    pub(super) fn add(&mut self, text: &str) {
        if text.len() > Self::MAX_LENGTH || Self::is_plain(text) {
            return;
        }
        let texts = self.0.get_or_insert_with(TextTable::new);
        let index = texts.index(text);
        if let Some(slot) = texts.slots.get_mut(index) {
            // The allocation of the previous text is reused.
            slot.clear();
            slot.push_str(text);
        }
    }

    /// Returns true for texts too short for a token and without any of the characters that
    /// introduce a secret: those of user information, parameters, fields, JSON members and
    /// percent-encoding.
    pub(super) fn is_plain(text: &str) -> bool {
        text.len() < super::token_formats::MIN_LENGTH
            && !text
                .bytes()
                .any(|byte| matches!(byte, b'@' | b'=' | b':' | b'%'))
    }
}

impl TextTable {
    /// Maximum number of texts remembered.
    const SLOTS: usize = 4_096;

    fn new() -> Self {
        Self {
            hasher: RandomState::default(),
            slots: vec![String::new(); Self::SLOTS],
        }
    }

    fn index(&self, text: &str) -> usize {
        usize::try_from(self.hasher.hash_one(text) % Self::SLOTS as u64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::RedactionRules;
    use super::super::percent_layers::PercentLayer;
    use super::super::{token_formats, url_parts};
    use super::*;
    use crate::trace::EventKind;
    use crate::units::Untrusted;

    #[test]
    fn the_cache_is_bounded() {
        let mut harmless = HarmlessTexts::NONE;
        for number in 0..2 * TextTable::SLOTS {
            let text = format!("a text with number {number}");
            harmless.add(&text);
            assert!(harmless.contains(&text));
        }
        let size = |texts: &TextTable| {
            let slots = texts.slots.iter();
            (
                slots.len(),
                slots.map(String::capacity).max() <= Some(2 * HarmlessTexts::MAX_LENGTH),
            )
        };
        assert_eq!(
            harmless.0.as_ref().map(size),
            Some((TextTable::SLOTS, true))
        );
        harmless.add(&"x".repeat(HarmlessTexts::MAX_LENGTH + 1));
        assert!(!harmless.contains(&"x".repeat(HarmlessTexts::MAX_LENGTH + 1)));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            failure_persistence: None,
            cases: 2_000,
            ..Default::default()
        })]

        #[test]
        fn a_plain_text_has_no_place_for_a_secret(text in "[a-zA@=:%\"'?&; \
            /\\\\.-]{0,13}|token[=:]x|\\PC{0,13}") {
            if HarmlessTexts::is_plain(&text) {
                let mut found = Vec::new();
                let mut layers = 0;
                url_parts::find_user_info(&text, &mut found);
                url_parts::find_parameters(&text, &|_| true, &mut found);
                token_formats::find_token_formats(&text, &mut found);
                PercentLayer::for_each(&text, |_| layers += 1);
                let fields = url_parts::find_header_fields(&text);
                proptest::prop_assert!(found.is_empty() && fields.is_empty(), "{text:?}");
                proptest::prop_assert_eq!(layers, 1, "{:?}", text);
            }
        }

        /// Learning from an earlier text must not change how it is masked.
        #[test]
        fn a_text_seen_before_is_masked_as_the_first_time(
            texts in proptest::collection::vec(
                "(/a|https://h/|token=|Cookie: |\"key\": |&x=|abcdefgh|%41|@h|[a-c=:@%. ]){1,5}",
                1..12,
            ),
        ) {
            let mut rules = RedactionRules::default();
            for _ in 0..2 {
                for text in &texts {
                    let text = Untrusted::new(text.as_str());
                    rules.learn(&EventKind::Note { exchange: None, text });
                }
            }
            let mut afresh = rules.clone();
            afresh.harmless = HarmlessTexts::NONE;
            for text in &texts {
                let secrets = rules.find_secrets(text);
                proptest::prop_assert_eq!(secrets, afresh.find_secrets(text), "{}", text);
                let secrets = rules.find_secrets_in_field("etag", text);
                let expected = afresh.find_secrets_in_field("etag", text);
                proptest::prop_assert_eq!(secrets, expected, "{}", text);
            }
        }
    }
}
