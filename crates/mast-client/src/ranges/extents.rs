use std::collections::BTreeMap;
use std::ops::Range;

/// A set of bytes, as ranges that neither touch nor overlap: start to end.
#[derive(Debug, Clone, Default)]
pub(super) struct Extents(BTreeMap<u64, u64>);

impl Extents {
    pub(super) fn insert(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let (mut start, mut end) = (range.start, range.end);
        while let Some((&s, &e)) = self.0.range(..=end).next_back().filter(|(_, e)| **e >= start) {
            (start, end) = (start.min(s), end.max(e));
            self.0.remove(&s);
        }
        self.0.insert(start, end);
    }

    pub(super) fn covers(&self, range: &Range<u64>) -> bool {
        let before = self.0.range(..=range.start).next_back();
        range.is_empty() || before.is_some_and(|(_, end)| *end >= range.end)
    }

    /// The parts of `range` that are not in the set.
    pub(super) fn missing(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let (mut at, mut gaps) = (range.start, Vec::new());
        for part in self.within(range) {
            if part.start > at {
                gaps.push(at..part.start);
            }
            at = part.end;
        }
        if at < range.end {
            gaps.push(at..range.end);
        }
        gaps
    }

    /// Bytes in both sets.
    pub(super) fn common(&self, other: &Self) -> u64 {
        let of = |(start, end): (&u64, &u64)| {
            other.within(&(*start..*end)).map(|part| part.end - part.start).sum::<u64>()
        };
        self.0.iter().map(of).sum()
    }

    /// The parts of the set that lie in `range`.
    fn within(&self, range: &Range<u64>) -> impl Iterator<Item = Range<u64>> {
        let (start, end) = (range.start, range.end);
        let first = self.0.range(..=start).next_back().map_or(start, |(first, _)| *first);
        let parts = self.0.range(first..end.max(first));
        parts.map(move |(s, e)| (*s).max(start)..(*e).min(end)).filter(|part| part.start < part.end)
    }
}

/// Ascending ranges, those joined that are at most `gap` bytes apart.
pub(super) fn joined(mut ranges: Vec<Range<u64>>, gap: u64) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(gap) => {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range),
        }
    }
    joined
}

/// `range` in equal parts of at most `most` bytes.
pub(super) fn parts(range: Range<u64>, most: u64) -> impl Iterator<Item = Range<u64>> {
    let length = range.end - range.start;
    let step = length.div_ceil(length.div_ceil(most).max(1)).max(1);
    let starts = (0..length.div_ceil(step)).map(move |i| range.start + i * step);
    starts.map(move |start| start..(start + step).min(range.end))
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "one range is meant")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_is_what_a_row_of_marks_is(
            ranges in prop::collection::vec((0_u64..60, 0_u64..20), 0..12),
            asked in (0_u64..80, 0_u64..30),
        ) {
            let (mut set, mut marks) = (Extents::default(), [false; 120]);
            for (start, length) in ranges {
                set.insert(start..start + length);
                marks[start as usize..(start + length) as usize].fill(true);
            }
            let asked = asked.0..asked.0 + asked.1;
            let missing = set.missing(&asked);
            let is_missing = |at: &u64| missing.iter().any(|gap| gap.contains(at));
            prop_assert!(asked.clone().all(|at| is_missing(&at) != marks[at as usize]));
            prop_assert_eq!(set.covers(&asked), missing.is_empty());
            let mut other = Extents::default();
            other.insert(asked.clone());
            let both = asked.clone().filter(|at| marks[*at as usize]).count() as u64;
            prop_assert_eq!((set.common(&other), other.common(&set)), (both, both));
            let apart = set.0.iter().zip(set.0.iter().skip(1)).all(|(a, b)| a.1 < b.0);
            prop_assert!(apart);
        }
    }

    #[test]
    fn near_ranges_are_joined_and_long_ones_split() {
        assert_eq!(joined(vec![90..95, 10..20, 25..30], 5), [10..30, 90..95]);
        assert_eq!(joined(vec![10..20, 26..30, 12..13], 5), [10..20, 26..30]);
        assert_eq!(parts(5..25, 8).collect::<Vec<_>>(), [5..12, 12..19, 19..25]);
        assert_eq!(parts(5..13, 8).collect::<Vec<_>>(), [5..13]);
    }
}
