//! Rows of a segment by their numbers.

use std::ops::Range;

/// Ranges of row numbers, ascending and apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowRanges(Vec<Range<usize>>);

impl RowRanges {
    /// All of so many rows.
    pub fn all(rows: usize) -> Self {
        RowRanges::from_iter(std::iter::once(0..rows))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).sum()
    }

    pub fn iter(&self) -> impl Iterator<Item = Range<usize>> {
        self.0.iter().cloned()
    }

    /// The rows that stand in both.
    #[must_use]
    pub fn and(&self, other: &RowRanges) -> Self {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut both = Vec::new();
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            let range = a.start.max(b.start)..a.end.min(b.end);
            if range.start < range.end {
                both.push(range);
            }
            let _ = if a.end <= b.end { left.next() } else { right.next() };
        }
        RowRanges(both)
    }

    /// How many pages of so many rows hold some of them.
    pub fn pages(&self, page: usize) -> usize {
        let mut next = 0;
        self.0.iter().fold(0, |sum, range| {
            let first = (range.start / page).max(next);
            next = range.end.div_ceil(page);
            sum + next.saturating_sub(first)
        })
    }

    /// Takes those of the front that stand in so many pages, and of them no more than so many rows.
    pub fn take_front(&mut self, pages: usize, page: usize, rows: usize) -> Self {
        let mut taken = RowRanges::default();
        let mut rest = std::mem::take(&mut self.0).into_iter();
        // Behind which row to stop; each page that is come to moves it.
        let (mut border, mut left, mut room) = (0, pages, rows);
        for range in rest.by_ref() {
            let mut end = range.start;
            while end < range.end && room > 0 {
                if end >= border {
                    if left == 0 {
                        break;
                    }
                    left -= 1;
                    border = (end / page + 1) * page;
                }
                let upto = range.end.min(border).min(end.saturating_add(room));
                room -= upto - end;
                end = upto;
            }
            if end > range.start {
                taken.0.push(range.start..end);
            }
            if end < range.end {
                self.0.push(end..range.end);
                break;
            }
        }
        self.0.extend(rest);
        taken
    }

    /// The same from the back.
    pub fn take_back(&mut self, pages: usize, page: usize, rows: usize) -> Self {
        let mut taken = Vec::new();
        let (mut border, mut left, mut room) = (usize::MAX, pages, rows);
        while let Some(range) = self.0.pop() {
            let mut start = range.end;
            while start > range.start && room > 0 {
                if start <= border {
                    if left == 0 {
                        break;
                    }
                    left -= 1;
                    border = (start - 1) / page * page;
                }
                let down = range.start.max(border).max(start.saturating_sub(room));
                room -= start - down;
                start = down;
            }
            if start < range.end {
                taken.push(start..range.end);
            }
            if start > range.start {
                self.0.push(range.start..start);
                break;
            }
        }
        taken.reverse();
        RowRanges(taken)
    }
}

/// Puts ranges together that touch; they must ascend.
impl FromIterator<Range<usize>> for RowRanges {
    fn from_iter<T: IntoIterator<Item = Range<usize>>>(ranges: T) -> Self {
        let mut all: Vec<Range<usize>> = Vec::new();
        for range in ranges.into_iter().filter(|range| !range.is_empty()) {
            match all.last_mut() {
                Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
                Some(_) | None => all.push(range),
            }
        }
        RowRanges(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(of: &[(usize, usize)]) -> RowRanges {
        of.iter().map(|(start, end)| *start..*end).collect()
    }

    #[test]
    fn ranges_meet_where_both_are() {
        let some = ranges(&[(0, 3), (3, 5), (8, 20)]);
        assert_eq!(some, ranges(&[(0, 5), (8, 20)]));
        assert_eq!(some.and(&ranges(&[(4, 9), (11, 12), (19, 40)])), ranges(&[(4, 5), (8, 9), (11, 12), (19, 20)]));
        assert!(some.and(&RowRanges::default()).is_empty());
        assert_eq!(some.and(&RowRanges::all(100)), some);
        assert_eq!(some.rows(), 17);
    }

    #[test]
    fn rows_are_taken_from_the_front_by_pages() {
        let mut rest = ranges(&[(2, 30), (31, 33), (50, 60), (99, 100)]);
        assert_eq!(rest.pages(10), 6);
        assert_eq!(rest.take_front(1, 10, 5), ranges(&[(2, 7)]));
        assert_eq!(rest.take_front(1, 10, 100), ranges(&[(7, 10)]));
        assert_eq!(rest.take_front(3, 10, 100), ranges(&[(10, 30), (31, 33)]));
        assert_eq!(rest.take_front(1, 10, 4), ranges(&[(50, 54)]));
        assert_eq!(rest.take_front(9, 10, 100), ranges(&[(54, 60), (99, 100)]));
        assert!(rest.is_empty() && rest.take_front(1, 10, 1).is_empty());
    }

    #[test]
    fn rows_are_taken_from_the_back_by_pages() {
        let mut rest = ranges(&[(2, 30), (31, 33), (50, 60), (99, 100)]);
        assert_eq!(rest.take_back(1, 10, 5), ranges(&[(99, 100)]));
        assert_eq!(rest.take_back(1, 10, 4), ranges(&[(56, 60)]));
        assert_eq!(rest.take_back(2, 10, 100), ranges(&[(31, 33), (50, 56)]));
        assert_eq!(rest.take_back(2, 10, 100), ranges(&[(10, 30)]));
        assert_eq!(rest.take_back(9, 10, 100), ranges(&[(2, 10)]));
        assert!(rest.is_empty() && rest.take_back(1, 10, 1).is_empty());
    }
}
