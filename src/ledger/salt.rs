//! Salts: sixteen bytes a row that hide what its commitment is to. Without them, who sees the hash of a row with few possible contents
//! finds the contents by trying.
//!
//! One random seed stands for the salts of 65,536 rows: it is the root of a binary tree in which each node's two children are hashes of
//! it, and a leaf is a salt (Goldreich, Goldwasser, Micali, "How to Construct Random Functions", 1986). When rows are removed for ever,
//! the seed is *punctured*: the seeds beside the paths to their salts are kept and those on the paths are not, so that no one can find
//! the salts of the removed rows any more and those of all others stay.

use super::{Hash, sha256};

/// How many rows in a line of leaf indexes have their salts from one seed.
pub const CHUNK: u64 = 1 << DEPTH;
const DEPTH: u8 = 16;

/// What is added to a row's content before it is hashed.
pub type Salt = [u8; 16];

/// The chunk that a row belongs to, and its place there.
pub fn place(leaf: u64) -> (u64, u16) {
    (leaf / CHUNK, (leaf % CHUNK) as u16)
}

/// The left child's seed, or the right one's.
fn child(seed: &Hash, right: bool) -> Hash {
    let mut bytes = [0; 37];
    bytes[..4].copy_from_slice(b"LS1\0");
    bytes[4] = u8::from(right);
    bytes[5..].copy_from_slice(seed);
    sha256(&bytes)
}

/// A seed in the tree of its chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    depth: u8,
    /// The place of its first salt.
    first: u16,
    seed: Hash,
}

impl Node {
    fn places(&self) -> std::ops::Range<u32> {
        let first = u32::from(self.first);
        first..first + (1 << (DEPTH - self.depth))
    }

    fn children(&self) -> [Node; 2] {
        let half = 1u16 << (DEPTH - self.depth - 1);
        let part = |right: bool| Node {
            depth: self.depth + 1,
            first: if right { self.first | half } else { self.first },
            seed: child(&self.seed, right),
        };
        [part(false), part(true)]
    }
}

/// What is known of the salts of one chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkSeeds {
    /// In order of their places; together they hold each salt that is not destroyed.
    nodes: Vec<Node>,
}

/// Bytes of a node in [`ChunkSeeds::encode`]: its depth, its first place, its seed.
const NODE_BYTES: usize = 35;

impl ChunkSeeds {
    /// The seeds of a chunk with all salts.
    pub fn new(seed: Hash) -> Self {
        ChunkSeeds { nodes: vec![Node { depth: 0, first: 0, seed }] }
    }

    /// Destroys the salts at some places, in ascending order. What was made from this chunk before has to be forgotten by its holder.
    pub fn puncture(&mut self, gone: &[u16]) {
        let mut left = Vec::new();
        for node in std::mem::take(&mut self.nodes) {
            keep_rest(node, gone, &mut left);
        }
        self.nodes = left;
    }

    /// Whether no salt is left.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The seeds as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.nodes.len() * NODE_BYTES);
        for node in &self.nodes {
            bytes.push(node.depth);
            bytes.extend_from_slice(&node.first.to_be_bytes());
            bytes.extend_from_slice(&node.seed);
        }
        bytes
    }

    /// Reads [`ChunkSeeds::encode`] back; `None` for other bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut nodes: Vec<Node> = Vec::new();
        for part in bytes.chunks(NODE_BYTES) {
            let (depth, first) = (*part.first()?, u16::from_be_bytes(part.get(1..3)?.try_into().ok()?));
            let node = Node { depth, first, seed: part.get(3..)?.try_into().ok()? };
            let after = nodes.last().map_or(0, |last| last.places().end);
            let aligned = depth <= DEPTH && u32::from(first).trailing_zeros() >= u32::from(DEPTH - depth);
            if !aligned || node.places().start < after {
                return None;
            }
            nodes.push(node);
        }
        Some(ChunkSeeds { nodes })
    }

    /// A way to the salts, fast for places near each other.
    pub fn salts(&self) -> Salts<'_> {
        Salts { seeds: self, path: Vec::new() }
    }
}

fn keep_rest(node: Node, gone: &[u16], left: &mut Vec<Node>) {
    let places = node.places();
    let from = gone.partition_point(|place| u32::from(*place) < places.start);
    let to = gone.partition_point(|place| u32::from(*place) < places.end);
    match &gone[from..to] {
        [] => left.push(node),
        inside if inside.len() == places.len() => {}
        inside => node.children().into_iter().for_each(|part| keep_rest(part, inside, left)),
    }
}

/// The salts of one chunk.
pub struct Salts<'a> {
    seeds: &'a ChunkSeeds,
    /// The nodes from a kept seed down to the last salt that was asked for.
    path: Vec<Node>,
}

impl Salts<'_> {
    /// The salt at a place; `None` if it was destroyed.
    pub fn at(&mut self, place: u16) -> Option<Salt> {
        let wanted = u32::from(place);
        while self.path.last().is_some_and(|node| !node.places().contains(&wanted)) {
            self.path.pop();
        }
        if self.path.is_empty() {
            let at = self.seeds.nodes.partition_point(|node| node.places().end <= wanted);
            let kept = self.seeds.nodes.get(at).filter(|node| node.places().contains(&wanted))?;
            self.path.push(kept.clone());
        }
        while let Some(node) = self.path.last()
            && node.depth < DEPTH
        {
            let right = place >> (DEPTH - node.depth - 1) & 1 == 1;
            let half = 1u16 << (DEPTH - node.depth - 1);
            let first = if right { node.first | half } else { node.first };
            let next = Node { depth: node.depth + 1, first, seed: child(&node.seed, right) };
            self.path.push(next);
        }
        let seed = self.path.last()?.seed;
        seed.first_chunk().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(seeds: &ChunkSeeds) -> Vec<Option<Salt>> {
        let mut salts = seeds.salts();
        (0..=u16::MAX).map(|place| salts.at(place)).collect()
    }

    #[test]
    fn each_row_has_a_salt_of_its_own_in_any_order() {
        let seeds = ChunkSeeds::new([7; 32]);
        let forth = all(&seeds);
        let mut salts = seeds.salts();
        for place in (0..=u16::MAX).rev().step_by(977).chain([0, u16::MAX, 1, 32_768, 32_767]) {
            assert_eq!(salts.at(place), forth[usize::from(place)]);
        }
        let different: std::collections::BTreeSet<_> = forth.iter().collect();
        assert_eq!(different.len(), 65_536);
        assert_ne!(all(&ChunkSeeds::new([8; 32]))[5], forth[5]);
    }

    #[test]
    fn destroyed_salts_are_gone_and_the_others_stay() {
        let whole = ChunkSeeds::new([7; 32]);
        let before = all(&whole);
        let mut seeds = whole.clone();
        let mut gone: Vec<u16> = (100..1000).chain([5, 40_000, u16::MAX]).collect();
        gone.sort_unstable();
        seeds.puncture(&gone);
        seeds.puncture(&[6, 1000]);
        let mut after = all(&seeds);
        for place in gone.iter().chain(&[6, 1000]) {
            assert_eq!(after[usize::from(*place)], None);
            after[usize::from(*place)] = before[usize::from(*place)];
        }
        assert_eq!(after, before);
        assert!(!seeds.encode().windows(32).any(|part| part == [7; 32]), "the old seed is not kept");
        assert_eq!(ChunkSeeds::decode(&seeds.encode()), Some(seeds.clone()));
        seeds.puncture(&(0..=u16::MAX).collect::<Vec<_>>());
        assert!(seeds.is_empty() && seeds.encode().is_empty());
        assert_eq!(ChunkSeeds::decode(&[]), Some(seeds));
    }

    #[test]
    fn one_destroyed_salt_costs_sixteen_seeds() {
        let mut seeds = ChunkSeeds::new([1; 32]);
        seeds.puncture(&[12_345]);
        assert_eq!(seeds.nodes.len(), 16);
    }

    #[test]
    fn other_bytes_are_no_seeds() {
        assert_eq!(ChunkSeeds::decode(&[0; 34]), None);
        assert_eq!(ChunkSeeds::decode(&[17; 35]), None);
        let twice = [ChunkSeeds::new([1; 32]).encode(), ChunkSeeds::new([1; 32]).encode()].concat();
        assert_eq!(ChunkSeeds::decode(&twice), None);
        let mut askew = ChunkSeeds::new([1; 32]).encode();
        askew[2] = 1;
        assert_eq!(ChunkSeeds::decode(&askew), None);
    }
}
