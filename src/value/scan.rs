//! Finds the first of a few bytes in many, eight at a time: most bytes of COPY data and of JSON strings are plain text.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks the high bit of each byte that is zero; marks above the lowest may be wrong.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// Marks the high bit of each byte below a space; marks above the lowest may be wrong.
fn controls(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word & HIGHS
}

/// The index of the first byte for which `marks` sets the high bit of its place in a word, or `plain` is true.
fn first(bytes: &[u8], marks: impl Fn(u64) -> u64, plain: impl Fn(u8) -> bool) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let found = marks(u64::from_le_bytes(*word));
        if found != 0 {
            // The lowest mark is right, and its byte is the first in memory.
            return Some(at * 8 + usize::try_from(found.trailing_zeros() / 8).unwrap_or(0));
        }
    }
    rest.iter().position(|byte| plain(*byte)).map(|at| words.len() * 8 + at)
}

/// The index of the first byte that is one of the needles.
pub(crate) fn find_any<const N: usize>(bytes: &[u8], needles: [u8; N]) -> Option<usize> {
    let spread = needles.map(|needle| ONES * u64::from(needle));
    first(bytes, |word| spread.iter().fold(0, |found, needle| found | zeros(word ^ needle)), |byte| needles.contains(&byte))
}

/// The index of the first byte that a JSON string must escape: `"`, `\` or a control character.
pub(crate) fn find_json_special(bytes: &[u8]) -> Option<usize> {
    let spread = [ONES * u64::from(b'"'), ONES * u64::from(b'\\')];
    let marks = |word: u64| zeros(word ^ spread[0]) | zeros(word ^ spread[1]) | controls(word);
    first(bytes, marks, |byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_any_is_found_at_every_place() {
        for length in 0..40 {
            for place in 0..length {
                for needle in [b'\n', b'\\', 0, 0xff] {
                    let mut bytes = vec![b'a'; length];
                    bytes[place] = needle;
                    // Bytes that differ by one bit, and a second match, must not confuse it.
                    if place + 1 < length {
                        bytes[length - 1] = needle;
                    }
                    if place > 0 {
                        bytes[place - 1] = needle ^ 0x80;
                    }
                    assert_eq!(
                        find_any(&bytes, [b'\n', b'\\', 0, 0xff]),
                        bytes.iter().position(|b| [b'\n', b'\\', 0, 0xff].contains(b))
                    );
                }
            }
            assert_eq!(find_any(&vec![b'a'; length], [b'\n', 0x80]), None);
        }
    }

    #[test]
    fn bytes_that_json_escapes_are_told_from_all_others() {
        for byte in 0..=u8::MAX {
            for place in [0, 3, 7, 8, 12] {
                let mut bytes = vec![0xc3; 13];
                bytes[place] = byte;
                let special = matches!(byte, b'"' | b'\\' | 0..=0x1f);
                assert_eq!(find_json_special(&bytes), special.then_some(place), "{byte} at {place}");
            }
        }
    }
}
