//! Counting the rows of a segment by the combinations of values that they have, from codes alone.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;
use std::sync::Arc;

use crate::store::{CodeRows, Codes};

/// So many possible combinations have a place of their own each; of more, those that occur are looked up.
const PLACES_MAX: u64 = 1 << 20;
/// Rows that are worked on at a time, so that their combinations stay in the processor's nearest memory.
const CHUNK: usize = 2_048;
/// Values that are looked at to learn how often combinations come, and up to twice as many.
const SAMPLE: usize = 512;

/// Combinations of values, each with how many rows have it.
#[derive(Debug)]
pub(super) struct Combinations {
    /// For each column the codes of its values.
    pub codes: Vec<Vec<u32>>,
    pub rows: Vec<i64>,
}

/// Counts rows of one segment by some columns, stretch by stretch.
pub(super) struct Counter<'a> {
    columns: &'a [Arc<Codes>],
    tally: Tally,
}

enum Tally {
    /// How often each possible combination has come, and which have.
    Places {
        counts: Vec<u32>,
        seen: Vec<u32>,
    },
    Looked {
        counts: HashMap<u64, u32, Scattered>,
    },
}

impl<'a> Counter<'a> {
    /// `None` if there are too many columns to tell their combinations apart by one number.
    pub(super) fn new(columns: &'a [Arc<Codes>]) -> Option<Self> {
        let possible = possible(columns)?;
        let tally = match usize::try_from(possible) {
            Ok(places) if possible <= PLACES_MAX => Tally::Places { counts: vec![0; places], seen: vec![] },
            Ok(_) | Err(_) => Tally::Looked { counts: HashMap::default() },
        };
        Some(Counter { columns, tally })
    }

    /// Counts some rows, and adds what they come to.
    pub(super) fn count(&mut self, rows: Range<usize>, into: &mut Combinations) {
        if rows.is_empty() {
            return;
        }
        if self.columns.is_empty() {
            into.rows.push(i64::try_from(rows.len()).unwrap_or(i64::MAX));
            return;
        }
        if let ([column], Tally::Places { .. }) = (self.columns, &self.tally)
            && let CodeRows::U8(codes) = &column.rows
        {
            for (code, count) in (0..).zip(tally(&codes[rows])).filter(|(_, count)| *count > 0) {
                into.add(self.columns, code, count);
            }
            return;
        }
        let mut combined = [0u64; CHUNK];
        let mut from = rows.start;
        while from < rows.end {
            let to = rows.end.min(from + CHUNK);
            let combined = &mut combined[..to - from];
            combine(self.columns, from..to, combined);
            match &mut self.tally {
                Tally::Places { counts, seen } => {
                    for place in combined {
                        // The product of all numbers of values fits, so each combination does.
                        let place = *place as usize;
                        if counts[place] == 0 {
                            seen.push(place as u32);
                        }
                        counts[place] += 1;
                    }
                }
                Tally::Looked { counts } => combined.iter().for_each(|place| *counts.entry(*place).or_default() += 1),
            }
            from = to;
        }
        match &mut self.tally {
            Tally::Places { counts, seen } => {
                for place in seen.drain(..) {
                    let count = std::mem::take(&mut counts[place as usize]);
                    into.add(self.columns, u64::from(place), count);
                }
            }
            Tally::Looked { counts } => counts.drain().for_each(|(place, count)| into.add(self.columns, place, count)),
        }
    }
}

/// Hashes the numbers of combinations, which nobody chooses who could gain by their falling together.
type Scattered = BuildHasherDefault<Scatter>;

#[derive(Default)]
struct Scatter(u64);

impl Hasher for Scatter {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        // The golden ratio of 2^64; the upper half of the product depends on all bits.
        let product = u128::from(self.0 ^ number) * 0x9E37_79B9_7F4A_7C15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

/// How many combinations there can be; `None` if they cannot be told apart by one number.
fn possible(columns: &[Arc<Codes>]) -> Option<u64> {
    columns.iter().try_fold(1u64, |product, codes| product.checked_mul(codes.values.len() as u64))
}

/// How many rows have the same combination of values on the average: by a sample of the values of the column that has the most, since rows that
/// are alike may lie far apart; a great number where no column has many, and 0 where they cannot be counted.
pub(super) fn rows_for_each(columns: &[Arc<Codes>]) -> usize {
    if possible(columns).is_none() {
        return 0;
    }
    let Some(widest) = columns.iter().max_by_key(|codes| codes.values.len()) else { return usize::MAX };
    let CodeRows::U32(wide) = &widest.rows else { return usize::MAX };
    // A power of two, since every row is asked whether it is one of them.
    let others = (1u32 << (widest.values.len() / SAMPLE).max(1).ilog2()) - 1;
    let sampled = wide.iter().enumerate().filter(|(_, code)| **code & others == 0).map(|(row, _)| row);
    let (mut rows, mut seen) = (0, HashSet::<u64, Scattered>::default());
    for row in sampled {
        let mut place = [0];
        combine(columns, row..row + 1, &mut place);
        seen.insert(place[0]);
        rows += 1;
    }
    rows / seen.len().max(1)
}

/// How often each code comes.
fn tally(codes: &[u8]) -> [u32; 256] {
    // Neighbours often have one value, and an addition to a place in memory waits for the one before it.
    let mut counts = [[0u32; 256]; 4];
    let (quads, rest) = codes.as_chunks::<4>();
    for quad in quads {
        counts.iter_mut().zip(quad).for_each(|(counts, code)| counts[usize::from(*code)] += 1);
    }
    rest.iter().for_each(|code| counts[0][usize::from(*code)] += 1);
    let [mut sums, others @ ..] = counts;
    others.iter().for_each(|others| sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other));
    sums
}

/// One number for the combination of values that each of some rows has.
fn combine(columns: &[Arc<Codes>], rows: Range<usize>, combined: &mut [u64]) {
    combined.fill(0);
    for column in columns {
        let values = column.values.len() as u64;
        match &column.rows {
            CodeRows::U8(codes) => append(combined, values, &codes[rows.clone()]),
            CodeRows::U16(codes) => append(combined, values, &codes[rows.clone()]),
            CodeRows::U32(codes) => append(combined, values, &codes[rows.clone()]),
        }
    }
}

/// Puts the codes of one more column, which has so many values, into the numbers of combinations.
fn append<C: Copy + Into<u64>>(combined: &mut [u64], values: u64, codes: &[C]) {
    combined.iter_mut().zip(codes).for_each(|(place, code)| *place = *place * values + (*code).into());
}

impl Combinations {
    /// None yet, of so many columns.
    pub(super) fn of(columns: usize) -> Self {
        Combinations { codes: vec![vec![]; columns], rows: vec![] }
    }

    fn add(&mut self, columns: &[Arc<Codes>], mut place: u64, count: u32) {
        for (column, codes) in columns.iter().zip(&mut self.codes).rev() {
            let values = column.values.len() as u64;
            codes.push((place % values) as u32);
            place /= values;
        }
        self.rows.push(i64::from(count));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use datafusion::arrow::array::{ArrayRef, Int64Array};

    use super::*;

    fn column(values: usize, codes: CodeRows) -> Arc<Codes> {
        let values: ArrayRef = Arc::new((0..values as i64).collect::<Int64Array>());
        Arc::new(Codes { values, rows: codes })
    }

    #[test]
    fn every_row_is_counted_once_under_its_own_values() {
        let rows = 3 * CHUNK + 17;
        // A pattern without a short period.
        let drawn = |row: usize, of: usize| (row * row / 7 + row) % of;
        for cards in
            [vec![], vec![3], vec![3, 300], vec![5, 1_000, 1_000], vec![60_000, 60_000, 60_000, 60_000], vec![7, 2_000_000]]
        {
            let columns: Vec<Arc<Codes>> = cards
                .iter()
                .map(|card| match card {
                    0..=256 => column(*card, CodeRows::U8((0..rows).map(|row| drawn(row, *card) as u8).collect())),
                    ..=65_536 => column(*card, CodeRows::U16((0..rows).map(|row| drawn(row, *card) as u16).collect())),
                    _ => column(*card, CodeRows::U32((0..rows).map(|row| drawn(row, *card) as u32).collect())),
                })
                .collect();
            let Some(mut counter) = Counter::new(&columns) else { panic!("{cards:?} is refused") };
            for range in [0..rows, 5..6, 100..CHUNK + 100, 7..7] {
                let mut expected: BTreeMap<Vec<u32>, i64> = BTreeMap::new();
                for row in range.clone() {
                    *expected.entry(cards.iter().map(|card| drawn(row, *card) as u32).collect()).or_default() += 1;
                }
                let mut told = Combinations::of(columns.len());
                counter.count(range.clone(), &mut told);
                let mut found: BTreeMap<Vec<u32>, i64> = BTreeMap::new();
                for at in 0..told.len() {
                    let before = found.insert(told.codes.iter().map(|codes| codes[at]).collect(), told.rows[at]);
                    assert!(before.is_none(), "a combination is told once");
                }
                assert_eq!(found, expected, "{cards:?} {range:?}");
            }
        }
        let ids = |each: usize| column(100_000, CodeRows::U32((0..400_000).map(|row| (row / each % 100_000) as u32).collect()));
        let kinds = |each: usize| column(9, CodeRows::U8((0..400_000).map(|row| (row / each % 9) as u8).collect()));
        assert_eq!(rows_for_each(&[ids(1)]), 4);
        assert_eq!(rows_for_each(&[kinds(100_000), ids(1)]), 1, "each has another kind every time");
        assert_eq!(rows_for_each(&[kinds(4), ids(4)]), 4);
        assert_eq!(rows_for_each(&[kinds(1)]), usize::MAX);
        let many: Vec<Arc<Codes>> = (0..5).map(|_| column(60_000, CodeRows::U16(vec![0]))).collect();
        assert!(Counter::new(&many).is_none() && rows_for_each(&many) == 0);
    }
}
