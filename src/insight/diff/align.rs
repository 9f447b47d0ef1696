//! Which of one run is what of the other.
//!
//! Transfers are paired by method and whole URL, then by method and path, the first with the first
//! of its kind and so on; repeats of one request are one transfer measured often. Where each run is
//! one transfer they are paired whatever their URLs. Within a transfer hops are paired in order, as
//! many as ask for the same path.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use super::facts::{Facts, Side};
use crate::trace::Cause;

/// A transfer and its repeats: each the exchanges that one request led to.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    pub(super) transfers: Vec<&'a [Facts]>,
}

impl<'a> Group<'a> {
    /// What was asked first.
    pub(super) fn first(&self) -> Option<&'a Facts> {
        self.transfers.first().and_then(|hops| hops.first())
    }
}

/// Transfers of two runs.
pub(super) struct Aligned<'a> {
    pub(super) both: Vec<(Group<'a>, Group<'a>)>,
    pub(super) before: Vec<Group<'a>>,
    pub(super) after: Vec<Group<'a>>,
}

/// Pairs the transfers of two runs.
pub(super) fn transfers<'a>(before: &'a Side, after: &'a Side) -> Aligned<'a> {
    let (before, after) = (groups(before), groups(after));
    let mut partners: Vec<Option<usize>> = vec![None; before.len()];
    let mut free = vec![true; after.len()];
    if let ([_], [_]) = (before.as_slice(), after.as_slice()) {
        (partners, free) = (vec![Some(0)], vec![false]);
    }
    pair(&before, &after, &mut partners, &mut free, |facts| {
        (facts.method.clone(), facts.url.raw().to_owned())
    });
    pair(&before, &after, &mut partners, &mut free, |facts| {
        (facts.method.clone(), path(facts))
    });
    let mut aligned = Aligned {
        both: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
    };
    for (group, partner) in before.into_iter().zip(partners) {
        match partner.and_then(|place| after.get(place)) {
            Some(partner) => aligned.both.push((group, partner.clone())),
            None => aligned.before.push(group),
        }
    }
    aligned.after = after
        .into_iter()
        .zip(free)
        .filter_map(|(group, free)| free.then_some(group))
        .collect();
    aligned
}

fn groups(side: &Side) -> Vec<Group<'_>> {
    let follows = |facts: &Facts| matches!(facts.cause, Some(Cause::Redirect | Cause::Retry));
    let mut groups: Vec<Group<'_>> = Vec::new();
    for hops in side.exchanges.chunk_by(|_, next| follows(next)) {
        let repeats = hops
            .first()
            .is_some_and(|first| first.cause == Some(Cause::Repeat));
        match groups.last_mut().filter(|_| repeats) {
            Some(group) => group.transfers.push(hops),
            None => groups.push(Group {
                transfers: vec![hops],
            }),
        }
    }
    groups
}

/// Pairs what has the same key and has no partner yet, in order.
fn pair<'a, K: Eq + Hash>(
    before: &[Group<'a>],
    after: &[Group<'a>],
    partners: &mut [Option<usize>],
    free: &mut [bool],
    key: impl Fn(&'a Facts) -> K,
) {
    let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (place, group) in after.iter().enumerate() {
        if let Some(first) = group.first().filter(|_| free.get(place) == Some(&true)) {
            waiting.entry(key(first)).or_default().push_back(place);
        }
    }
    for (group, partner) in before
        .iter()
        .zip(partners)
        .filter(|(_, partner)| partner.is_none())
    {
        *partner = group
            .first()
            .and_then(|first| waiting.get_mut(&key(first)))
            .and_then(VecDeque::pop_front);
        if let Some(taken) = partner.and_then(|place| free.get_mut(place)) {
            *taken = false;
        }
    }
}

/// The path of a URL, or what there is instead of one.
fn path(facts: &Facts) -> String {
    let url = facts.url.raw();
    let parsed = facts.cause.and_then(|_| url::Url::parse(url).ok());
    parsed.map_or_else(|| url.to_owned(), |url| url.path().to_owned())
}

/// Hops of two transfers in pairs, in order; what has no partner stands alone. Longest common
/// subsequence by method and path.
pub(super) fn hops<'a>(
    before: &'a [Facts],
    after: &'a [Facts],
) -> Vec<(Option<&'a Facts>, Option<&'a Facts>)> {
    /// Beyond this, a chain of redirects is a crafted one, and paired by number.
    const MOST: usize = 100;
    let key = |facts: &Facts| (facts.method.clone(), path(facts));
    let (was, is): (Vec<_>, Vec<_>) = (
        before.iter().map(key).collect(),
        after.iter().map(key).collect(),
    );
    let longest = if before.len().max(after.len()) > MOST {
        None
    } else {
        Some(common(&was, &is))
    };
    let length = |i: usize, j: usize| {
        longest
            .as_ref()
            .and_then(|table| table.get(i)?.get(j))
            .copied()
            .unwrap_or(0)
    };
    if length(0, 0) == 0 {
        let most = before.len().max(after.len());
        return (0..most)
            .map(|place| (before.get(place), after.get(place)))
            .collect();
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while let (Some(left), Some(right)) = (before.get(i), after.get(j)) {
        if was.get(i) == is.get(j) {
            pairs.push((Some(left), Some(right)));
            (i, j) = (i + 1, j + 1);
        } else if length(i + 1, j) >= length(i, j + 1) {
            pairs.push((Some(left), None));
            i += 1;
        } else {
            pairs.push((None, Some(right)));
            j += 1;
        }
    }
    pairs.extend(before.iter().skip(i).map(|left| (Some(left), None)));
    pairs.extend(after.iter().skip(j).map(|right| (None, Some(right))));
    pairs
}

/// For each two places, how long what the rests have in common is.
fn common<K: Eq>(before: &[K], after: &[K]) -> Vec<Vec<usize>> {
    let mut rows = vec![vec![0; after.len() + 1]];
    for was in before.iter().rev() {
        let below = rows.last().cloned().unwrap_or_default();
        let mut row = vec![0; after.len() + 1];
        for (j, is) in after.iter().enumerate().rev() {
            let next = if was == is {
                below.get(j + 1).copied().unwrap_or(0) + 1
            } else {
                below
                    .get(j)
                    .copied()
                    .unwrap_or(0)
                    .max(row.get(j + 1).copied().unwrap_or(0))
            };
            if let Some(cell) = row.get_mut(j) {
                *cell = next;
            }
        }
        rows.push(row);
    }
    rows.reverse();
    rows
}
