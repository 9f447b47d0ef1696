//! Lists of which a trace has very many, most of them short.

/// Adds to a list, which grows by a twelfth instead of doubling: over all flows of a capture the
/// room that is left over would be as much as what is used.
pub(super) fn push_tight<T>(list: &mut Vec<T>, new: T) {
    if list.len() == list.capacity() {
        let least = (MIN_GROWTH_BYTES / size_of::<T>().max(1)).clamp(1, 4);
        list.reserve_exact((list.len() / 12).max(least));
    }
    list.push(new);
}

/// Bytes that a list grows by at least, unless that is more than a few of what is in it.
const MIN_GROWTH_BYTES: usize = 192;
