//! Sets of pages, in memory and in bits.

use crate::store::index::bits::{BitReader, BitWriter, gamma_length, rice_length};

/// Pages of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageSet {
    pages: u32,
    words: Vec<u64>,
}

impl PageSet {
    /// No page of so many.
    pub(crate) fn none(pages: u32) -> PageSet {
        PageSet { pages, words: vec![0; (pages as usize).div_ceil(64)] }
    }

    /// Every page.
    pub(crate) fn full(pages: u32) -> PageSet {
        let mut set = PageSet { pages, words: vec![u64::MAX; (pages as usize).div_ceil(64)] };
        if let Some(last) = set.words.last_mut().filter(|_| !pages.is_multiple_of(64)) {
            *last = (1 << (pages % 64)) - 1;
        }
        set
    }

    pub(crate) fn insert(&mut self, page: u32) {
        if let Some(word) = self.words.get_mut(page as usize / 64).filter(|_| page < self.pages) {
            *word |= 1 << (page % 64);
        }
    }

    pub(crate) fn contains(&self, page: u32) -> bool {
        self.words.get(page as usize / 64).is_some_and(|word| word >> (page % 64) & 1 == 1)
    }

    /// Keeps the pages that another set has as well.
    pub(crate) fn keep(&mut self, other: &PageSet) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    /// Adds the pages of another set.
    pub(crate) fn add(&mut self, other: &PageSet) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// How many pages it has.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The pages in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.pages).filter(|page| self.contains(*page))
    }
}

/// What the shortest code of a set stands for, which differs by what is common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shortest {
    Empty,
    OnePage,
}

/// Of sixteen pages, how many a set has at least that is taken for all: the sixteenth costs less to look at than to remember.
const NEARLY_ALL: usize = 15;

fn page_bits(pages: u32) -> u32 {
    u32::BITS - pages.saturating_sub(1).leading_zeros()
}

/// How many low bits the gaps of a list have.
fn gap_bits(pages: u32, count: u64) -> u32 {
    (u64::from(pages) / (count + 1)).max(1).ilog2()
}

/// Writes a set, given in order and each page once.
pub(super) fn write(found: &[u32], pages: u32, shortest: Shortest, out: &mut BitWriter) {
    match (found, shortest) {
        ([], Shortest::Empty) => return out.bits(0, 1),
        ([page], Shortest::OnePage) => {
            out.bits(0, 1);
            return out.bits(u64::from(*page), page_bits(pages));
        }
        _ => {}
    }
    if found.len() * 16 >= pages as usize * NEARLY_ALL {
        return out.bits(0b111, 3);
    }
    let count = found.len() as u64;
    let low = gap_bits(pages, count);
    let gaps = || {
        let before = std::iter::once(None).chain(found.iter().map(Some));
        before.zip(found).map(|(before, page)| u64::from(before.map_or(*page, |before| page - before - 1)))
    };
    let length = 2 + gamma_length(count) + gaps().map(|gap| rice_length(gap, low)).sum::<u64>();
    if length <= 3 + u64::from(pages) {
        out.bits(0b10, 2);
        out.gamma(count);
        gaps().for_each(|gap| out.rice(gap, low));
    } else {
        out.bits(0b110, 3);
        let mut at = 0;
        for first in (0..pages).step_by(32) {
            let mut word = 0_u64;
            let width = (pages - first).min(32);
            while let Some(page) = found.get(at).filter(|page| **page < first + width) {
                word |= 1 << (width - 1 - (page - first));
                at += 1;
            }
            out.bits(word, width);
        }
    }
}

/// Reads a set.
pub(super) fn read(pages: u32, shortest: Shortest, bits: &mut BitReader<'_>) -> Option<PageSet> {
    let mut set = PageSet::none(pages);
    if bits.bits(1)? == 0 {
        if shortest == Shortest::OnePage {
            set.insert(u32::try_from(bits.bits(page_bits(pages))?).ok()?);
        }
        return Some(set);
    }
    if bits.bits(1)? == 0 {
        let count = bits.gamma()?;
        let low = gap_bits(pages, count);
        let mut next = 0;
        for _ in 0..count {
            let page = next + bits.rice(low)?;
            set.insert(u32::try_from(page).ok().filter(|page| *page < pages)?);
            next = page + 1;
        }
        return Some(set);
    }
    if bits.bits(1)? == 1 {
        return Some(PageSet::full(pages));
    }
    for first in (0..pages).step_by(32) {
        let width = (pages - first).min(32);
        let word = bits.bits(width)?;
        (0..width).filter(|at| word >> (width - 1 - at) & 1 == 1).for_each(|at| set.insert(first + at));
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read_as_they_were_written_or_wider() {
        for pages in [1_u32, 2, 31, 32, 33, 64, 100, 1_000] {
            for every in [1, 2, 3, 7, 50, 999] {
                let found: Vec<u32> = (0..pages).filter(|page| page % every == every - 1).collect();
                for shortest in [Shortest::Empty, Shortest::OnePage] {
                    if found.is_empty() && shortest == Shortest::OnePage {
                        continue;
                    }
                    let mut writer = BitWriter::default();
                    write(&found, pages, shortest, &mut writer);
                    let bytes = writer.finish();
                    let set = read(pages, shortest, &mut BitReader::new(&bytes)).unwrap();
                    if set != PageSet::full(pages) {
                        assert_eq!(set.iter().collect::<Vec<_>>(), found);
                    }
                    assert!(found.iter().all(|page| set.contains(*page)));
                    assert!(bytes.len() <= (pages as usize + 3).div_ceil(8));
                }
            }
        }
    }
}
