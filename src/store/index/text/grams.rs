//! The characters of a section: a slot for each hash of three in a row, with the pages of each.

use std::io::Write;

use super::pages::{self, PageSet, Shortest};
use super::{Blocks, Read, Section, Table, damaged};
use crate::error::Result;
use crate::store::index::bits::{BitReader, BitWriter};
use crate::value::words::{alike, is_unspaced};

/// Bits of a slot's address while building: 32 KiB of bits a page.
const SLOT_BITS: u32 = 18;
/// Bits of an address inside of a block.
const BLOCK_BITS: u32 = 6;
/// As many slots are looked up for one text at most: further ones hardly rule out more.
const SLOTS_ASKED_MAX: usize = 24;

/// The slot of up to three characters. It is part of the format.
fn slot(letters: [u32; 3]) -> u32 {
    let [one, two, three] = letters.map(u64::from);
    let mixed = (one | two << 21 | three << 42).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93) >> (64 - SLOT_BITS)) as u32
}

/// Calls `visit` with the slots of everything that is kept of a text.
fn each(text: &str, mut visit: impl FnMut(u32)) {
    // What stands before the character, 0 where nothing does.
    let (mut one, mut two) = (0, 0);
    if text.is_ascii() {
        for byte in text.bytes() {
            let three = u32::from(byte.to_ascii_lowercase()) + 1;
            if one != 0 {
                visit(slot([one, two, three]));
            }
            (one, two) = (two, three);
        }
        return;
    }
    let mut unspaced_before = false;
    for letter in text.chars() {
        let unspaced = is_unspaced(letter);
        let three = u32::from(alike(letter)) + 1;
        if one != 0 {
            visit(slot([one, two, three]));
        }
        if unspaced {
            visit(slot([0, 0, three]));
            if unspaced_before {
                visit(slot([0, two, three]));
            }
        }
        (one, two, unspaced_before) = (two, three, unspaced);
    }
}

/// Words of bits of one page.
const PAGE_WORDS: usize = 1 << (SLOT_BITS - 6);

#[derive(Debug)]
pub(super) struct Builder {
    /// For each page a bit for each slot.
    pages: Vec<Box<[u64]>>,
}

impl Builder {
    pub(super) fn new() -> Builder {
        Builder { pages: vec![] }
    }

    /// Begins a page.
    pub(super) fn begin(&mut self) {
        self.pages.push(vec![0; PAGE_WORDS].into_boxed_slice());
    }

    /// Adds the characters of a text of the page.
    pub(super) fn add(&mut self, text: &str) {
        let Some(page) = self.pages.last_mut() else { return };
        each(text, |slot| {
            if let Some(word) = page.get_mut(slot as usize / 64) {
                *word |= 1 << (slot % 64);
            }
        });
    }

    pub(super) fn finish(self, out: &mut Section<'_, impl Write>) -> Result<Table> {
        // Few pages are told apart by fewer slots: their section should not be longer than a look at them is worth.
        let address = match self.pages.len() {
            0..16 => SLOT_BITS - 3,
            16..64 => SLOT_BITS - 2,
            64..256 => SLOT_BITS - 1,
            _ => SLOT_BITS,
        };
        let joined = SLOT_BITS - address;
        let pages = u32::try_from(self.pages.len()).unwrap_or(u32::MAX);
        // A block is as many words of bits as slots are joined.
        let blocks = (0..PAGE_WORDS).step_by(1 << joined).map(|first| {
            let mut found: Vec<Vec<u32>> = vec![vec![]; 1 << BLOCK_BITS];
            for (number, page) in (0..pages).zip(&self.pages) {
                for (at, word) in page.iter().skip(first).take(1 << joined).enumerate() {
                    let mut rest = *word;
                    while rest != 0 {
                        let slot = (at * 64 + rest.trailing_zeros() as usize) >> joined;
                        rest &= rest - 1;
                        if let Some(found) = found.get_mut(slot)
                            && found.last() != Some(&number)
                        {
                            found.push(number);
                        }
                    }
                }
            }
            let mut bits = BitWriter::default();
            found.iter().for_each(|found| pages::write(found, pages, Shortest::Empty, &mut bits));
            bits.finish()
        });
        out.blocks(blocks, u8::try_from(address).unwrap_or(u8::MAX))
    }
}

/// The pages that can hold a text inside of one of theirs.
pub(super) fn find(blocks: &Blocks, pages: u32, text: &str, read: Read<'_>) -> Result<PageSet> {
    let mut found = PageSet::full(pages);
    let joined = SLOT_BITS.checked_sub(u32::from(blocks.addresses)).ok_or_else(|| damaged("its slots"))?;
    let mut slots: Vec<u32> = vec![];
    each(text, |slot| slots.push(slot >> joined));
    slots.sort_unstable();
    slots.dedup();
    // Spread over the text as hashes are, whatever is left out.
    slots.truncate(SLOTS_ASKED_MAX);
    let mut last = None;
    for slot in slots {
        if found.is_empty() {
            break;
        }
        let number = (slot >> BLOCK_BITS) as usize;
        let block = match last.take() {
            Some((known, block)) if known == number => block,
            _ => blocks.block(number, read)?,
        };
        found.keep(&in_block(&block, slot & ((1 << BLOCK_BITS) - 1), pages).ok_or_else(|| damaged("a block's bits"))?);
        last = Some((number, block));
    }
    Ok(found)
}

fn in_block(block: &[u8], slot: u32, pages: u32) -> Option<PageSet> {
    let mut bits = BitReader::new(block);
    for _ in 0..slot {
        pages::read(pages, Shortest::Empty, &mut bits)?;
    }
    pages::read(pages, Shortest::Empty, &mut bits)
}
