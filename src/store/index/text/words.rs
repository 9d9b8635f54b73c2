//! The words of a section: fingerprints in order, with the pages of each.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::io::Write;

use super::pages::{self, PageSet, Shortest};
use super::{Blocks, Read, Section, Table, damaged};
use crate::error::Result;
use crate::store::index::bits::{BitReader, BitWriter};

/// Bits of a hash that are kept while building; the other 16 of a posting are its page.
const HASH_BITS: u32 = 48;
/// Bits of a fingerprint beyond those that tell all words of a section apart.
const SPARE_BITS: u32 = 8;
/// Words of a block, about.
const BLOCK_WORDS: u64 = 1_024;
/// Postings that are sorted at a time, 16 MiB of them; as many words of a page are told apart, in 36 MiB.
const RUN_POSTINGS: usize = 2 << 20;

/// The hash of a word: FNV-1a (Fowler, Noll and Vo) with the finish of SplitMix64. It is part of the format.
fn hash(word: &str) -> u64 {
    let mut hash =
        word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (hash ^ (hash >> 31)) >> (64 - HASH_BITS)
}

/// Numbers that are hashes already.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        // A table looks at the lowest and the highest bits.
        self.0 = number ^ number << (64 - HASH_BITS);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[derive(Debug)]
pub(super) struct Builder {
    page: u64,
    /// Hashes of words of the page.
    seen: HashSet<u64, BuildHasherDefault<Hashed>>,
    /// Postings that are not in order yet: a hash and a page.
    fresh: Vec<u64>,
    runs: Vec<Vec<u8>>,
    postings: usize,
    postings_max: usize,
}

impl Builder {
    /// With more postings than this it leaves all words out.
    pub(super) fn new(postings_max: usize) -> Builder {
        Builder { page: 0, seen: HashSet::default(), fresh: vec![], runs: vec![], postings: 0, postings_max }
    }

    fn is_full(&self) -> bool {
        self.postings > self.postings_max
    }

    /// Adds a word of the page.
    pub(super) fn add(&mut self, word: &str) {
        if self.is_full() {
            return;
        }
        self.seen.insert(hash(word));
        if self.seen.len() == RUN_POSTINGS {
            // A word that comes again on the page is a posting twice, which their reader takes for one.
            self.empty();
        }
    }

    /// Ends the page.
    pub(super) fn end(&mut self) {
        self.empty();
        self.page += 1;
    }

    /// Makes postings of the words that were seen.
    fn empty(&mut self) {
        self.postings += self.seen.len();
        self.fresh.extend(self.seen.drain().map(|hash| hash << (64 - HASH_BITS) | self.page));
        if self.is_full() {
            (self.seen, self.fresh, self.runs) = (HashSet::default(), vec![], vec![]);
        } else if self.fresh.len() >= RUN_POSTINGS {
            self.sort();
        }
    }

    /// Packs what is not in order yet as a run: the differences of sorted postings in groups of seven bits.
    fn sort(&mut self) {
        self.fresh.sort_unstable();
        let mut run = Vec::with_capacity(self.fresh.len() * 4);
        let mut before = 0;
        for posting in self.fresh.drain(..) {
            let mut gap = posting - before;
            before = posting;
            while gap >= 0x80 {
                run.push(gap as u8 | 0x80);
                gap >>= 7;
            }
            run.push(gap as u8);
        }
        self.runs.push(run);
    }

    pub(super) fn finish(mut self, pages: usize, out: &mut Section<'_, impl Write>) -> Result<Table> {
        if self.is_full() {
            return Ok(Table { addresses: 0, ..out.blocks(std::iter::empty(), 0)? });
        }
        self.seen = HashSet::default();
        self.sort();
        self.fresh = vec![];
        let mut words: u64 = 0;
        let mut last = None;
        for posting in Merged::of(&self.runs) {
            let hash = posting >> (64 - HASH_BITS);
            words += u64::from(last != Some(hash));
            last = Some(hash);
        }
        let address = (u64::BITS - words.leading_zeros() + SPARE_BITS).min(HASH_BITS);
        let block = (words / BLOCK_WORDS).max(1).ilog2();
        let blocks = Packed {
            postings: Merged::of(&self.runs).peekable(),
            next: 0,
            end: 1 << block,
            remainder: address - block,
            dropped: HASH_BITS - address,
            pages: u32::try_from(pages).unwrap_or(u32::MAX),
        };
        out.blocks(blocks, u8::try_from(address).unwrap_or(u8::MAX))
    }
}

/// The postings of several runs in order.
struct Merged<'a> {
    runs: Vec<Run<'a>>,
    heads: BinaryHeap<Reverse<(u64, usize)>>,
}

struct Run<'a> {
    rest: std::slice::Iter<'a, u8>,
    last: u64,
}

impl Iterator for Run<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let (mut gap, mut shift) = (0, 0);
        loop {
            let byte = self.rest.next()?;
            gap |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                self.last += gap;
                return Some(self.last);
            }
        }
    }
}

impl<'a> Merged<'a> {
    fn of(runs: &'a [Vec<u8>]) -> Merged<'a> {
        let mut runs: Vec<Run<'_>> = runs.iter().map(|run| Run { rest: run.iter(), last: 0 }).collect();
        let heads = runs.iter_mut().enumerate().filter_map(|(at, run)| run.next().map(|first| Reverse((first, at)))).collect();
        Merged { runs, heads }
    }
}

impl Iterator for Merged<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let mut head = self.heads.peek_mut()?;
        let Reverse((posting, at)) = *head;
        match self.runs.get_mut(at).and_then(Run::next) {
            Some(next) => *head = Reverse((next, at)),
            None => {
                std::collections::binary_heap::PeekMut::pop(head);
            }
        }
        Some(posting)
    }
}

/// Postings in order as blocks.
struct Packed<I: Iterator<Item = u64>> {
    postings: std::iter::Peekable<I>,
    /// The block that comes next, and how many there are.
    next: u64,
    end: u64,
    /// Bits of a fingerprint that its block does not tell.
    remainder: u32,
    /// Bits of a hash that its fingerprint has not.
    dropped: u32,
    pages: u32,
}

impl<I: Iterator<Item = u64>> Packed<I> {
    fn fingerprint(&self, posting: u64) -> u64 {
        posting >> (64 - HASH_BITS + self.dropped)
    }
}

impl<I: Iterator<Item = u64>> Iterator for Packed<I> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.next == self.end {
            return None;
        }
        let mut out = BitWriter::default();
        let mut found: Vec<u32> = vec![];
        let mut before = None;
        while let Some(first) = self.postings.peek().copied() {
            let fingerprint = self.fingerprint(first);
            if fingerprint >> self.remainder != self.next {
                break;
            }
            found.clear();
            while let Some(posting) = self.postings.peek().copied().filter(|posting| self.fingerprint(*posting) == fingerprint) {
                found.push((posting & 0xffff) as u32);
                self.postings.next();
            }
            // Two words of one fingerprint have their pages mixed.
            found.sort_unstable();
            found.dedup();
            let own = fingerprint & ((1 << self.remainder) - 1);
            out.bits(1, 1);
            out.rice(before.map_or(own, |before| own - before - 1), SPARE_BITS.min(self.remainder));
            pages::write(&found, self.pages, Shortest::OnePage, &mut out);
            before = Some(own);
        }
        out.bits(0, 1);
        self.next += 1;
        Some(out.finish())
    }
}

/// The pages that can hold a word.
pub(super) fn find(blocks: &Blocks, pages: u32, word: &str, read: Read<'_>) -> Result<PageSet> {
    let address = u32::from(blocks.addresses);
    if address == 0 {
        return Ok(PageSet::full(pages));
    }
    let remainder = address.checked_sub(blocks.bits()).ok_or_else(|| damaged("its list of blocks"))?;
    let fingerprint = hash(word) >> (HASH_BITS - address);
    let block = blocks.block(usize::try_from(fingerprint >> remainder).unwrap_or(usize::MAX), read)?;
    let wanted = fingerprint & ((1 << remainder) - 1);
    in_block(&block, wanted, remainder, pages).ok_or_else(|| damaged("a block's bits"))
}

fn in_block(block: &[u8], wanted: u64, remainder: u32, pages: u32) -> Option<PageSet> {
    let mut bits = BitReader::new(block);
    let mut next = 0;
    while bits.bits(1)? == 1 {
        let own = next + bits.rice(SPARE_BITS.min(remainder))?;
        if own > wanted {
            break;
        }
        let found = pages::read(pages, Shortest::OnePage, &mut bits)?;
        if own == wanted {
            return Some(found);
        }
        next = own + 1;
    }
    Some(PageSet::none(pages))
}
