//! Numbers that look random and are the same for the same seed on every machine.
//!
//! The generator is xoshiro256++ of David Blackman and Sebastiano Vigna, filled from a 64-bit seed by SplitMix64 as its authors
//! advise ("Scrambled linear pseudorandom number generators", ACM TOMS 47, 2021; prng.di.unimi.it). Nothing here may use a
//! function whose last bit depends on the platform, such as a logarithm.

/// SplitMix64's increment, 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// One step of SplitMix64: advances `state` and returns 64 well-mixed bits.
pub(super) fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(GOLDEN);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: [u64; 4],
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        let mut mix = seed;
        Random { state: std::array::from_fn(|_| split_mix(&mut mix)) }
    }

    /// A stream of its own for the `part`th part of whatever `seed` made.
    pub(super) fn part(seed: u64, part: u64) -> Self {
        Random::new(seed ^ part.wrapping_add(1).wrapping_mul(GOLDEN))
    }

    /// The next 64 bits of xoshiro256++.
    pub(super) fn bits(&mut self) -> u64 {
        let [s0, s1, s2, s3] = self.state;
        let result = s0.wrapping_add(s3).rotate_left(23).wrapping_add(s0);
        let mixed2 = s2 ^ s0;
        let mixed3 = s3 ^ s1;
        self.state = [s0 ^ mixed3, s1 ^ mixed2, mixed2 ^ (s1 << 17), mixed3.rotate_left(45)];
        result
    }

    /// A number from 0 to `limit` - 1; 0 where `limit` is 0. The bias is below 2^-32 for limits below 2^32.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        // The high half of a 64 by 64 bit product is less than `limit`, so the cast loses nothing.
        ((u128::from(self.bits()) * u128::from(limit)) >> 64) as u64
    }

    /// An index into something of this length.
    pub(super) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).unsigned_abs()) as i64
    }

    /// As [`Random::between`], but mostly near `low`: what latencies and pauses look like.
    pub(super) fn mostly_low(&mut self, low: i64, high: i64) -> i64 {
        let first = self.between(low, high);
        let second = self.between(low, first);
        self.between(low, second)
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }

    /// The index of one of the weights, each as likely as it is heavy.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let mut at = self.below(weights.clone().sum());
        for (index, weight) in weights.enumerate() {
            if at < weight {
                return index;
            }
            at -= weight;
        }
        0
    }

    /// The prefix and ten letters and digits, as platforms name their things.
    pub(super) fn id(&mut self, prefix: &str) -> String {
        const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let mut bits = self.bits();
        let mut id = String::with_capacity(prefix.len() + 10);
        id.push_str(prefix);
        for _ in 0..10 {
            id.push(char::from(DIGITS[(bits & 31) as usize]));
            bits >>= 5;
        }
        id
    }

    /// A UUID of version 7 (RFC 9562, section 5.7, with method 3 of section 6.2: twelve bits of the fraction of a millisecond),
    /// made at this time.
    pub(super) fn uuid(&mut self, at_us: i64) -> [u8; 36] {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let ms = at_us.div_euclid(1000) as u64;
        let fraction = at_us.rem_euclid(1000) as u64 * 4096 / 1000;
        let high = (ms << 16) | 0x7000 | fraction;
        let low = (self.bits() >> 2) | (1 << 63);
        let bits = (u128::from(high) << 64) | u128::from(low);
        let mut text = [b'-'; 36];
        let mut shift = 124_u32;
        for (at, byte) in text.iter_mut().enumerate() {
            if !matches!(at, 8 | 13 | 18 | 23) {
                *byte = HEX[((bits >> shift) & 15) as usize];
                shift = shift.saturating_sub(4);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_streams_are_the_published_ones() {
        // The first outputs of SplitMix64 from 1234567, as published with the algorithm's test vectors.
        let mut state = 1_234_567;
        let first: Vec<u64> = (0..3).map(|_| split_mix(&mut state)).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
        // The first outputs of xoshiro256++ from the state 1, 2, 3, 4.
        let mut random = Random { state: [1, 2, 3, 4] };
        let first: Vec<u64> = (0..4).map(|_| random.bits()).collect();
        assert_eq!(first, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
    }

    #[test]
    fn a_uuid_is_of_version_7_and_tells_its_time() {
        let mut random = Random::new(1);
        let text = random.uuid(1_700_000_000_123_456);
        let id = uuid::Uuid::try_parse_ascii(&text).expect("a well-formed UUID");
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        let (seconds, nanoseconds) = id.get_timestamp().expect("version 7 has a time").to_unix();
        assert_eq!((seconds, nanoseconds / 1_000_000), (1_700_000_000, 123));
        assert!(text < random.uuid(1_700_000_000_123_956), "ids within a millisecond follow time");
    }

    #[test]
    fn weights_are_followed() {
        let mut random = Random::new(7);
        let mut counts = [0; 3];
        for _ in 0..10_000 {
            counts[random.weighted([1_u64, 0, 3].into_iter())] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((2_200..2_800).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn bounds_are_kept() {
        let mut random = Random::new(9);
        for _ in 0..1_000 {
            assert!((-3..=3).contains(&random.between(-3, 3)));
            assert!((5..=9).contains(&random.mostly_low(5, 9)));
        }
    }
}
