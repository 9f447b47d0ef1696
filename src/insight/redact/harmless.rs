//! Texts that need no second look.

use std::collections::HashSet;

/// Texts in which nothing is secret by its place or its shape: runs say the same few again and
/// again. What is known to be secret by its value may still be in them.
#[derive(Clone, Debug, Default)]
pub(super) struct Harmless(Option<HashSet<String>>);

impl Harmless {
    pub(super) const NONE: Self = Self(None);
    /// Texts that are remembered; with further ones all are forgotten.
    const MOST: usize = 4_096;
    /// Bytes of the longest of them.
    const LONGEST: usize = 256;

    pub(super) fn has(&self, text: &str) -> bool {
        self.0
            .as_ref()
            .is_some_and(|texts| text.len() <= Self::LONGEST && texts.contains(text))
    }

    pub(super) fn add(&mut self, text: &str) {
        if text.len() > Self::LONGEST || Self::is_plain(text) {
            return;
        }
        let texts = self.0.get_or_insert_default();
        if texts.len() >= Self::MOST {
            texts.clear();
        }
        texts.insert(text.to_owned());
    }

    /// Returns true for a text that is too short for any token, and has none of the characters that
    /// make a place for a secret: those of users, of parameters, fields and members, and of
    /// what is percent-encoded.
    pub(super) fn is_plain(text: &str) -> bool {
        text.len() < super::shapes::SHORTEST
            && !text
                .bytes()
                .any(|byte| matches!(byte, b'@' | b'=' | b':' | b'%'))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rules;
    use super::super::layers::Layer;
    use super::super::{places, shapes};
    use super::*;
    use crate::trace::What;
    use crate::units::Untrusted;

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut harmless = Harmless::NONE;
        for number in 0..2 * Harmless::MOST {
            harmless.add(&format!("a text with number {number}"));
            assert!(
                harmless
                    .0
                    .as_ref()
                    .is_some_and(|texts| texts.len() <= Harmless::MOST)
            );
        }
        harmless.add(&"x".repeat(Harmless::LONGEST + 1));
        assert!(
            !harmless.has(&"x".repeat(Harmless::LONGEST + 1))
                && harmless.has(&format!("a text with number {}", 2 * Harmless::MOST - 1))
        );
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, cases: 2_000, ..Default::default() })]

        #[test]
        fn a_plain_text_has_no_place_for_a_secret(text in "[a-zA@=:%\"'?&; \
            /\\\\.-]{0,13}|token[=:]x|\\PC{0,13}") {
            if Harmless::is_plain(&text) {
                let (mut found, mut layers) = (Vec::new(), 0);
                places::users(&text, &mut found);
                places::parameters(&text, &|_| true, &mut found);
                shapes::secrets(&text, &mut found);
                Layer::each(&text, |_| layers += 1);
                proptest::prop_assert!(found.is_empty() && places::fields_in(&text).is_empty() && layers == 1, "{:?}", text);
            }
        }

        /// What was learnt from once is masked as it is without having been.
        #[test]
        fn what_was_seen_before_is_masked_as_at_first(
            texts in proptest::collection::vec("(/a|https://h/|token=|Cookie: |\"key\": |&x=|abcdefgh|%41|@h|[a-c=:@%. ]){1,5}", 1..12),
        ) {
            let mut rules = Rules::default();
            for _ in 0..2 {
                for text in &texts {
                    rules.learn(&What::Note { exchange: None, text: Untrusted::new(text.as_str()) });
                }
            }
            let mut afresh = rules.clone();
            afresh.harmless = Harmless::NONE;
            for text in &texts {
                proptest::prop_assert_eq!(rules.secrets_in(text), afresh.secrets_in(text), "{}", text);
                proptest::prop_assert_eq!(rules.secrets_in_field("etag", text), afresh.secrets_in_field("etag", text), "{}", text);
            }
        }
    }
}
