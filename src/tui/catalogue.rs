//! The suggestions of the start screen: grouped, and filtered by what is typed.

use super::Suggestion;

/// A row of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CatalogueRow<'a> {
    /// A blank line above a heading.
    Gap,
    Heading(&'a str),
    /// A suggestion, by its index among all.
    Suggestion(usize),
}

/// The suggestions that match a filter, in display order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Catalogue<'a> {
    suggestions: &'a [Suggestion],
    matching: Vec<usize>,
}

impl<'a> Catalogue<'a> {
    /// Selects the suggestions that contain every word of `typed`, by group. A complete URL filters
    /// nothing, because it is the destination itself.
    pub(super) fn filtered(suggestions: &'a [Suggestion], typed: &str) -> Self {
        let words: Vec<String> = if typed.contains("://") {
            Vec::new()
        } else {
            typed.split_whitespace().map(str::to_lowercase).collect()
        };
        let mut left = Vec::new();
        for group in group_names(suggestions) {
            let of_it = suggestions
                .iter()
                .enumerate()
                .filter(|(_, suggestion)| suggestion.group == group);
            left.extend(
                of_it
                    .filter(|(_, suggestion)| contains_all_words(suggestion, &words))
                    .map(|(index, _)| index),
            );
        }
        Self {
            suggestions,
            matching: left,
        }
    }

    /// Returns the first match.
    pub(super) fn first(&self) -> Option<usize> {
        self.matching.first().copied()
    }

    /// Returns the match `by` rows below `chosen`, or above if negative. Without a choice, up leads
    /// to the last and down to the first.
    pub(super) fn moved_by(&self, chosen: Option<usize>, by: isize) -> Option<usize> {
        let last = self.matching.len().checked_sub(1)?;
        let there = match chosen
            .and_then(|suggestion| self.matching.iter().position(|&left| left == suggestion))
        {
            Some(here) => here.saturating_add_signed(by).min(last),
            None if by < 0 => last,
            None => 0,
        };
        self.matching.get(there).copied()
    }

    /// Returns the rows: headings where there are groups, with blank lines above them if `airy`.
    pub(super) fn rows(&self, airy: bool) -> Vec<CatalogueRow<'a>> {
        let mut rows = Vec::with_capacity(self.matching.len());
        let mut above = "";
        for &index in &self.matching {
            let group = self
                .suggestions
                .get(index)
                .map_or("", |suggestion| suggestion.group.as_str());
            if group != above {
                if airy && !rows.is_empty() {
                    rows.push(CatalogueRow::Gap);
                }
                rows.push(CatalogueRow::Heading(group));
                above = group;
            }
            rows.push(CatalogueRow::Suggestion(index));
        }
        rows
    }
}

/// Returns the group names in order of first appearance; suggestions without a group come first.
fn group_names(suggestions: &[Suggestion]) -> Vec<&str> {
    let mut groups = vec![""];
    for suggestion in suggestions {
        if !groups.contains(&suggestion.group.as_str()) {
            groups.push(&suggestion.group);
        }
    }
    groups
}

fn contains_all_words(suggestion: &Suggestion, words: &[String]) -> bool {
    let text = format!(
        "{} {} {}",
        suggestion.url, suggestion.description, suggestion.group
    )
    .to_lowercase();
    words.iter().all(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestions() -> Vec<Suggestion> {
        let suggestion = |url: &str, shows: &str, group: &str| Suggestion {
            url: url.to_owned(),
            description: shows.to_owned(),
            group: group.to_owned(),
        };
        vec![
            suggestion("https://a.test/users", "a page", "Pages"),
            suggestion("https://old.test/", "a certificate past its end", "TLS"),
            suggestion("https://a.test/gzip", "a compressed page", "Pages"),
        ]
    }

    #[test]
    fn suggestions_are_listed_under_their_headings() {
        let suggestions = suggestions();
        let all = Catalogue::filtered(&suggestions, "");
        let rows = [
            CatalogueRow::Heading("Pages"),
            CatalogueRow::Suggestion(0),
            CatalogueRow::Suggestion(2),
            CatalogueRow::Heading("TLS"),
            CatalogueRow::Suggestion(1),
        ];
        assert_eq!(all.rows(false), rows);
        assert_eq!(
            all.rows(true)
                .iter()
                .filter(|row| **row == CatalogueRow::Gap)
                .count(),
            1
        );
    }

    #[test]
    fn words_narrow_it_and_urls_do_not() {
        let suggestions = suggestions();
        let left = |typed: &str| Catalogue::filtered(&suggestions, typed).matching;
        assert_eq!(left("PAGE"), [0, 2]);
        assert_eq!(left("page gzip"), [2]);
        assert_eq!(left("tls"), [1], "the heading counts");
        assert_eq!(left("nothing like it"), [0_usize; 0]);
        assert_eq!(left("https://else.test/"), [0, 2, 1]);
    }

    #[test]
    fn moving_stops_at_both_ends() {
        let suggestions = suggestions();
        let all = Catalogue::filtered(&suggestions, "");
        assert_eq!(
            [None, Some(0), Some(2), Some(1)].map(|chosen| all.moved_by(chosen, 1)),
            [Some(0), Some(2), Some(1), Some(1)]
        );
        assert_eq!(
            [None, Some(0), Some(1)].map(|chosen| all.moved_by(chosen, -1)),
            [Some(1), Some(0), Some(2)]
        );
        assert_eq!(all.moved_by(Some(0), isize::MAX), Some(1));
        assert_eq!(
            Catalogue::filtered(&suggestions, "zzz").moved_by(None, 1),
            None
        );
    }
}
