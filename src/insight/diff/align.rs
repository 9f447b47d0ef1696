//! Alignment of two runs: which transfer and which hop of one corresponds to which of the other.
//!
//! Transfers are paired by method and full URL, then by method and path, in order; repeats of one
//! request form one transfer with several measurements. If each run is a single transfer, the two
//! are paired whatever their URLs are. Within a transfer, hops are paired by the longest common
//! subsequence of their paths.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use super::facts::{ComparedRun, ExchangeFacts};
use crate::trace::ExchangeCause;

/// A transfer and its repeats; each item is the list of exchanges that one request led to.
#[derive(Clone, Debug)]
pub(super) struct RepeatGroup<'a> {
    pub(super) transfers: Vec<&'a [ExchangeFacts]>,
}

impl<'a> RepeatGroup<'a> {
    /// The first exchange of the first transfer.
    pub(super) fn first(&self) -> Option<&'a ExchangeFacts> {
        self.transfers.first().and_then(|hops| hops.first())
    }
}

/// The aligned transfers of two runs.
pub(super) struct AlignedTransfers<'a> {
    pub(super) both: Vec<(RepeatGroup<'a>, RepeatGroup<'a>)>,
    pub(super) before: Vec<RepeatGroup<'a>>,
    pub(super) after: Vec<RepeatGroup<'a>>,
}

/// Aligns the transfers of two runs.
pub(super) fn align_transfers<'a>(
    before: &'a ComparedRun,
    after: &'a ComparedRun,
) -> AlignedTransfers<'a> {
    let before = group_repeats(before);
    let after = group_repeats(after);
    let mut partners: Vec<Option<usize>> = vec![None; before.len()];
    let mut free = vec![true; after.len()];
    if let ([_], [_]) = (before.as_slice(), after.as_slice()) {
        (partners, free) = (vec![Some(0)], vec![false]);
    }
    pair_by_key(&before, &after, &mut partners, &mut free, |facts| {
        (facts.method.clone(), facts.url.raw().to_owned())
    });
    pair_by_key(&before, &after, &mut partners, &mut free, |facts| {
        (facts.method.clone(), url_path(facts))
    });
    let mut aligned = AlignedTransfers {
        both: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
    };
    for (group, partner) in before.into_iter().zip(partners) {
        match partner.and_then(|index| after.get(index)) {
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

fn group_repeats(side: &ComparedRun) -> Vec<RepeatGroup<'_>> {
    let follows = |facts: &ExchangeFacts| {
        matches!(
            facts.cause,
            Some(ExchangeCause::Redirect | ExchangeCause::Retry)
        )
    };
    let mut groups: Vec<RepeatGroup<'_>> = Vec::new();
    for hops in side.exchanges.chunk_by(|_, next| follows(next)) {
        let repeats = hops
            .first()
            .is_some_and(|first| first.cause == Some(ExchangeCause::Repeat));
        match groups.last_mut().filter(|_| repeats) {
            Some(group) => group.transfers.push(hops),
            None => groups.push(RepeatGroup {
                transfers: vec![hops],
            }),
        }
    }
    groups
}

/// Pairs unpaired groups that have the same key, in order.
fn pair_by_key<'a, K: Eq + Hash>(
    before: &[RepeatGroup<'a>],
    after: &[RepeatGroup<'a>],
    partners: &mut [Option<usize>],
    free: &mut [bool],
    key: impl Fn(&'a ExchangeFacts) -> K,
) {
    let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (index, group) in after.iter().enumerate() {
        if let Some(first) = group.first().filter(|_| free.get(index) == Some(&true)) {
            waiting.entry(key(first)).or_default().push_back(index);
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
        if let Some(taken) = partner.and_then(|index| free.get_mut(index)) {
            *taken = false;
        }
    }
}

/// The path of the exchange's URL, or the whole URL if it cannot be parsed.
fn url_path(facts: &ExchangeFacts) -> String {
    let url = facts.url.raw();
    let parsed = facts.cause.and_then(|_| url::Url::parse(url).ok());
    parsed.map_or_else(|| url.to_owned(), |url| url.path().to_owned())
}

/// Aligns the hops of two transfers by the longest common subsequence of method and path; hops
/// without a partner stand alone.
pub(super) fn align_hops<'a>(
    before: &'a [ExchangeFacts],
    after: &'a [ExchangeFacts],
) -> Vec<(Option<&'a ExchangeFacts>, Option<&'a ExchangeFacts>)> {
    /// Longer redirect chains are artificial, and are paired by index.
    const MAX_HOPS: usize = 100;
    let key = |facts: &ExchangeFacts| (facts.method.clone(), url_path(facts));
    let (was, is): (Vec<_>, Vec<_>) = (
        before.iter().map(key).collect(),
        after.iter().map(key).collect(),
    );
    let longest = if before.len().max(after.len()) > MAX_HOPS {
        None
    } else {
        Some(common_lengths(&was, &is))
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
            .map(|index| (before.get(index), after.get(index)))
            .collect();
    }
    let mut i = 0;
    let mut j = 0;
    let mut pairs = Vec::new();
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

/// For each pair of indices, the length of the longest common subsequence of the two remainders.
fn common_lengths<K: Eq>(before: &[K], after: &[K]) -> Vec<Vec<usize>> {
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
