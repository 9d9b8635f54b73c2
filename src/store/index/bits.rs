//! Bits one after the other: fixed widths, unary, Elias gamma and Golomb-Rice codes (Elias 1975; Rice 1971), which fit numbers of which
//! small ones are the most likely.

/// The most bits that are written or read at once.
const WIDEST: u32 = 56;

/// Appends bits, the lowest first.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    word: u64,
    used: u32,
}

impl BitWriter {
    /// The low `width` bits of a value, at most 56 of them.
    pub(super) fn put(&mut self, value: u64, width: u32) {
        debug_assert!(width <= WIDEST);
        self.word |= (value & mask(width)) << self.used;
        self.used += width;
        while self.used >= 8 {
            self.bytes.push(self.word.to_le_bytes()[0]);
            self.word >>= 8;
            self.used -= 8;
        }
    }

    /// So many ones and a zero.
    fn unary(&mut self, mut ones: u64) {
        while ones >= 32 {
            self.put(u64::MAX, 32);
            ones -= 32;
        }
        let ones = u32::try_from(ones).unwrap_or(0);
        self.put(mask(ones), ones + 1);
    }

    /// A number from 0, in about `low + 1` bits if it is below 2 to the power of `low`.
    pub(super) fn rice(&mut self, value: u64, low: u32) {
        self.unary(value >> low);
        self.put(value, low);
    }

    /// A number from 1, in twice its own bits.
    pub(super) fn gamma(&mut self, value: u64) {
        let low = value.max(1).ilog2();
        self.unary(u64::from(low));
        self.put(value, low);
    }

    /// What was written, filled up with zeros to a whole byte.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.used > 0 {
            self.bytes.push(self.word.to_le_bytes()[0]);
        }
        self.bytes
    }
}

/// Takes bits back; `None` behind the end.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        BitReader { bytes, at: 0 }
    }

    /// The next bits, zeros behind the end, and how many of them there are.
    fn window(&self) -> (u64, usize) {
        let from = self.at / 8;
        let rest = self.bytes.get(from..).unwrap_or_default();
        let mut word = [0u8; 8];
        let taken = rest.len().min(8);
        word[..taken].copy_from_slice(&rest[..taken]);
        let shift = self.at % 8;
        (u64::from_le_bytes(word) >> shift, (taken * 8).saturating_sub(shift))
    }

    pub(super) fn get(&mut self, width: u32) -> Option<u64> {
        debug_assert!(width <= WIDEST);
        let (word, there) = self.window();
        if there < width as usize {
            return None;
        }
        self.at += width as usize;
        Some(word & mask(width))
    }

    fn unary(&mut self) -> Option<u64> {
        let mut ones = 0u64;
        loop {
            let (word, there) = self.window();
            let run = (word.trailing_ones() as usize).min(there);
            if there == 0 {
                return None;
            }
            ones += run as u64;
            self.at += run;
            if run < there {
                self.at += 1;
                return Some(ones);
            }
        }
    }

    pub(super) fn rice(&mut self, low: u32) -> Option<u64> {
        let high = self.unary()?;
        Some(high.checked_shl(low)? | self.get(low)?)
    }

    pub(super) fn gamma(&mut self) -> Option<u64> {
        let low = u32::try_from(self.unary()?).ok().filter(|low| *low <= WIDEST)?;
        Some((1 << low) | self.get(low)?)
    }
}

fn mask(width: u32) -> u64 {
    (1u64 << width) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_comes_back() {
        let numbers = [1u64, 2, 3, 7, 8, 31, 32, 33, 63, 64, 65, 100, 4095, 4096, 70_000];
        let mut writer = BitWriter::default();
        for number in numbers {
            writer.put(number, 17);
            writer.gamma(number);
            writer.rice(number, 0);
            writer.rice(number, 11);
        }
        writer.put((1 << 56) - 3, 56);
        let bytes = writer.finish();
        let mut reader = BitReader::new(&bytes);
        for number in numbers {
            assert_eq!((reader.get(17), reader.gamma()), (Some(number), Some(number)));
            assert_eq!((reader.rice(0), reader.rice(11)), (Some(number), Some(number)));
        }
        assert_eq!(reader.get(56), Some((1 << 56) - 3));
        assert_eq!(reader.get(9), None);
    }

    #[test]
    fn nothing_is_read_behind_the_end() {
        assert_eq!(BitReader::new(&[0xff; 20]).unary(), None);
        assert_eq!(BitReader::new(&[]).gamma(), None);
        assert_eq!(BitReader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]).gamma(), None);
    }
}
