//! Suggestions for misspelt words: the known word with the smallest edit distance.

/// The known word most similar to `written`, if it is close enough: at most two edits, or a third
/// of its letters.
pub fn closest_match<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let (changes, word) = best_candidate(written, known)?;
    (changes <= (word.chars().count() / 3).max(2)).then_some(word)
}

/// The known word most similar to `written`, if it is at most `most` edits away.
pub fn closest_match_within<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Option<&'a str> {
    best_candidate(written, known)
        .filter(|(changes, _)| *changes <= most)
        .map(|(_, word)| word)
}

/// The candidate with the smallest edit distance, and that distance; `None` if it has no letter in
/// common with `written`.
fn best_candidate<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<(usize, &'a str)> {
    let written = written.to_ascii_lowercase();
    let likeness = |word: &'a str| (edit_distance(&written, word), word);
    known
        .into_iter()
        .map(likeness)
        .min_by_key(|(changes, _)| *changes)
        .filter(|(changes, word)| *changes < word.chars().count())
}

/// The restricted Damerau-Levenshtein distance: insertions, deletions, replacements and swaps of
/// neighbours. Texts too long to be a misspelt word are not compared.
fn edit_distance(written: &str, word: &str) -> usize {
    const MAX_LETTERS: usize = 64;
    let (from, to): (Vec<char>, Vec<char>) = (
        written.chars().take(MAX_LETTERS + 1).collect(),
        word.chars().collect(),
    );
    if from.len() > MAX_LETTERS {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let at =
                |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let mut least = (at(&above, j) + usize::from(a != b))
                .min(at(&above, j + 1) + 1)
                .min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && from.get(i - 1) == Some(b) && to.get(j - 1) == Some(a);
            if swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_recognised_and_another_one_is_not() {
        let known = ["total", "wait", "cert_days", "connect-timeout"];
        for (written, meant) in [
            ("totl", Some("total")),
            ("toatl", Some("total")),
            ("Wait", Some("wait")),
            ("cert-days", Some("cert_days")),
            ("connect_timeout", Some("connect-timeout")),
            ("latency", None),
            ("", None),
        ] {
            assert_eq!(closest_match(written, known), meant, "{written}");
        }
        assert_eq!(closest_match(&"total".repeat(1_000_000), known), None);
        assert_eq!(closest_match("total", []), None);
    }

    #[test]
    fn a_limit_of_edits_holds_for_long_words_too() {
        assert_eq!(
            closest_match_within("prob", ["probe", "completions"], 2),
            Some("probe")
        );
        assert_eq!(
            closest_match_within("completion", ["probe", "completions"], 2),
            Some("completions")
        );
        assert_eq!(
            closest_match_within("complets", ["probe", "completions"], 2),
            None
        );
        assert_eq!(
            closest_match("complets", ["probe", "completions"]),
            Some("completions")
        );
    }
}
