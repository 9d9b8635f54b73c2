//! A stream of bits, and the codes of numbers in it: plain, Elias's gamma (1975) and Rice's (1979).

/// Writes bits, the highest of each number first.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    last: u64,
    used: u32,
}

impl BitWriter {
    /// The lowest `count` bits of a number, at most 56.
    pub(super) fn bits(&mut self, number: u64, count: u32) {
        debug_assert!(count <= 56, "what is left of a byte and these fit into a word");
        self.last = (self.last << count) | (number & ((1 << count) - 1));
        self.used += count;
        while self.used >= 8 {
            self.used -= 8;
            self.bytes.push((self.last >> self.used) as u8);
        }
        self.last &= (1 << self.used) - 1;
    }

    /// So many ones and a zero.
    fn unary(&mut self, mut number: u64) {
        while number >= 32 {
            self.bits(u64::from(u32::MAX), 32);
            number -= 32;
        }
        self.bits((1 << (number + 1)) - 2, number as u32 + 1);
    }

    /// A number that is mostly small.
    pub(super) fn gamma(&mut self, number: u64) {
        let length = (number + 1).ilog2();
        self.unary(u64::from(length));
        self.bits(number + 1, length);
    }

    /// A number of mostly `low` bits.
    pub(super) fn rice(&mut self, number: u64, low: u32) {
        self.unary(number >> low);
        self.bits(number, low);
    }

    /// The stream, filled up with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.used > 0 {
            self.bits(0, 8 - self.used);
        }
        self.bytes
    }
}

/// Bits that [`BitWriter::rice`] takes for a number.
pub(super) fn rice_length(number: u64, low: u32) -> u64 {
    (number >> low) + 1 + u64::from(low)
}

/// Bits that [`BitWriter::gamma`] takes for a number.
pub(super) fn gamma_length(number: u64) -> u64 {
    2 * u64::from((number + 1).ilog2()) + 1
}

/// Reads what a [`BitWriter`] has written; `None` behind its end.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> BitReader<'a> {
        BitReader { bytes, at: 0 }
    }

    /// The next 57 bits or more in the highest bits of a word.
    fn window(&self) -> u64 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let word = match rest.first_chunk::<8>() {
            Some(bytes) => u64::from_be_bytes(*bytes),
            None => rest.iter().enumerate().fold(0, |word, (at, byte)| word | u64::from(*byte) << (56 - 8 * at)),
        };
        word << (self.at % 8)
    }

    fn skip(&mut self, count: u32) -> Option<()> {
        self.at += count as usize;
        (self.at <= self.bytes.len() * 8).then_some(())
    }

    pub(super) fn bits(&mut self, count: u32) -> Option<u64> {
        if count == 0 {
            return Some(0);
        }
        let number = self.window() >> (64 - count);
        self.skip(count)?;
        Some(number)
    }

    fn unary(&mut self) -> Option<u64> {
        let mut number = 0;
        loop {
            let ones = self.window().leading_ones().min(56);
            number += u64::from(ones);
            if ones < 56 {
                self.skip(ones + 1)?;
                return Some(number);
            }
            self.skip(ones)?;
        }
    }

    pub(super) fn gamma(&mut self) -> Option<u64> {
        let length = u32::try_from(self.unary()?).ok().filter(|length| *length <= 56)?;
        Some(((1 << length) | self.bits(length)?) - 1)
    }

    pub(super) fn rice(&mut self, low: u32) -> Option<u64> {
        let high = self.unary()?;
        Some(high.checked_shl(low)? | self.bits(low)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_were_written() {
        let numbers: Vec<u64> = (0..200).chain([1_000, 65_535, 1 << 20, (1 << 40) + 7]).collect();
        let mut writer = BitWriter::default();
        let mut length = 0;
        for number in &numbers {
            writer.bits(*number, 41);
            writer.gamma(*number);
            writer.rice(*number, 30);
            length += 41 + gamma_length(*number) + rice_length(*number, 30);
        }
        let bytes = writer.finish();
        assert_eq!(bytes.len() as u64, length.div_ceil(8));
        let mut reader = BitReader::new(&bytes);
        for number in &numbers {
            assert_eq!([reader.bits(41), reader.gamma(), reader.rice(30)], [Some(*number); 3]);
        }
        assert_eq!(reader.bits(32), None);
        assert_eq!(BitReader::new(&[0xff; 9]).unary(), None);
    }
}
