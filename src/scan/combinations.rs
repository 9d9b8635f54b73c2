//! Counting the rows of a segment by the combinations of values that they have, from codes alone.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::store::{CodeRows, Codes};

/// So many possible combinations have a place of their own each; of more, those that occur are looked up.
const PLACES_MAX: u64 = 1 << 20;
/// Rows that are worked on at a time, so that their combinations stay in the processor's nearest memory.
const CHUNK: usize = 2_048;

/// Combinations of values, each with how many rows have it.
#[derive(Debug)]
pub(super) struct Combinations {
    /// For each column the codes of its values.
    pub codes: Vec<Vec<u16>>,
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
        counts: HashMap<u64, u32>,
    },
}

impl<'a> Counter<'a> {
    /// `None` if there are too many columns to tell their combinations apart by one number.
    pub(super) fn new(columns: &'a [Arc<Codes>]) -> Option<Self> {
        let possible = columns.iter().try_fold(1u64, |product, codes| product.checked_mul(codes.values.len() as u64))?;
        let tally = match usize::try_from(possible) {
            Ok(places) if possible <= PLACES_MAX => Tally::Places { counts: vec![0; places], seen: vec![] },
            Ok(_) | Err(_) => Tally::Looked { counts: HashMap::new() },
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

/// One number for the combination of values that each of some rows has.
fn combine(columns: &[Arc<Codes>], rows: Range<usize>, combined: &mut [u64]) {
    combined.fill(0);
    for column in columns {
        let values = column.values.len() as u64;
        match &column.rows {
            CodeRows::Bytes(codes) => {
                combined.iter_mut().zip(&codes[rows.clone()]).for_each(|(place, code)| *place = *place * values + u64::from(*code));
            }
            CodeRows::Words(codes) => {
                combined.iter_mut().zip(&codes[rows.clone()]).for_each(|(place, code)| *place = *place * values + u64::from(*code));
            }
        }
    }
}

impl Combinations {
    /// None yet, of so many columns.
    pub(super) fn of(columns: usize) -> Self {
        Combinations { codes: vec![vec![]; columns], rows: vec![] }
    }

    fn add(&mut self, columns: &[Arc<Codes>], mut place: u64, count: u32) {
        for (column, codes) in columns.iter().zip(&mut self.codes).rev() {
            let values = column.values.len() as u64;
            codes.push((place % values) as u16);
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
        for cards in [vec![], vec![3], vec![3, 300], vec![5, 1_000, 1_000], vec![60_000, 60_000, 60_000, 60_000]] {
            let columns: Vec<Arc<Codes>> = cards
                .iter()
                .map(|card| match card {
                    0..=256 => column(*card, CodeRows::Bytes((0..rows).map(|row| drawn(row, *card) as u8).collect())),
                    _ => column(*card, CodeRows::Words((0..rows).map(|row| drawn(row, *card) as u16).collect())),
                })
                .collect();
            let Some(mut counter) = Counter::new(&columns) else { panic!("{cards:?} is refused") };
            for range in [0..rows, 5..6, 100..CHUNK + 100, 7..7] {
                let mut expected: BTreeMap<Vec<u16>, i64> = BTreeMap::new();
                for row in range.clone() {
                    *expected.entry(cards.iter().map(|card| drawn(row, *card) as u16).collect()).or_default() += 1;
                }
                let mut told = Combinations::of(columns.len());
                counter.count(range.clone(), &mut told);
                let mut found: BTreeMap<Vec<u16>, i64> = BTreeMap::new();
                for at in 0..told.len() {
                    let before = found.insert(told.codes.iter().map(|codes| codes[at]).collect(), told.rows[at]);
                    assert!(before.is_none(), "a combination is told once");
                }
                assert_eq!(found, expected, "{cards:?} {range:?}");
            }
        }
        let many: Vec<Arc<Codes>> = (0..5).map(|_| column(60_000, CodeRows::Words(vec![0]))).collect();
        assert!(Counter::new(&many).is_none());
    }
}
