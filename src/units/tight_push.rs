//! Vectors with little spare capacity, for lists of which a trace has very many, most of them
//! short.

/// Pushes to a vector that grows by a twelfth instead of doubling. With doubling, the spare
/// capacity over all flows of a capture would be as large as the part in use.
pub fn push_tight<T>(list: &mut Vec<T>, new: T) {
    if list.len() == list.capacity() {
        let least = (MIN_GROWTH_BYTES / size_of::<T>().max(1)).clamp(1, 4);
        list.reserve_exact((list.len() / 12).max(least));
    }
    list.push(new);
}

/// Minimum growth in bytes, unless that is more than four items.
const MIN_GROWTH_BYTES: usize = 192;
