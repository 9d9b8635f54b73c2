//! The Merkle tree of RFC 6962, section 2.1: how leaves become a root, how a tree grows by its right edge alone, and the two proofs.
//!
//! Hashes of leaves and of nodes begin with different bytes, so that neither can stand for the other. A tree of `n` leaves is split at
//! the largest power of two below `n`; so a tree that grows keeps every complete subtree it ever had.

use sha2::{Digest, Sha256};

use super::Hash;

/// Leaves to a tile (C2SP tlog-tiles, "Merkle Tree").
pub const TILE: u64 = 256;
const TILE_LEVEL: u32 = 8;

/// The hash of a leaf's bytes.
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

/// The hash of a node over its two children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// The root of a tree without leaves.
pub fn empty_root() -> Hash {
    super::sha256(&[])
}

/// The root over the hashes of all leaves.
pub fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(split(many.len() as u64) as usize);
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

/// The right edge of a tree: its complete subtrees from the largest to the smallest, at most 64. It is all that appending needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// One for each bit of `size` that is set, the highest first.
    nodes: Vec<Hash>,
}

impl Frontier {
    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its complete subtrees, the largest first.
    pub fn nodes(&self) -> &[Hash] {
        &self.nodes
    }

    /// Puts a frontier together from its parts; `None` if they do not belong together.
    pub fn from_parts(size: u64, nodes: Vec<Hash>) -> Option<Self> {
        (size.count_ones() as usize == nodes.len()).then_some(Frontier { size, nodes })
    }

    /// The frontier over complete tiles.
    pub fn of_tiles(tiles: &[Hash]) -> Self {
        let mut frontier = Frontier::default();
        tiles.iter().for_each(|tile| frontier.append(TILE_LEVEL, *tile));
        frontier
    }

    /// Appends the hash of a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.append(0, leaf);
    }

    /// Appends the root of a complete tile; the tree must consist of complete tiles.
    pub fn push_tile(&mut self, root: Hash) {
        self.append(TILE_LEVEL, root);
    }

    fn append(&mut self, level: u32, hash: Hash) {
        debug_assert!(self.size.is_multiple_of(1 << level), "a subtree begins where one of its size can");
        let (mut hash, mut carry) = (hash, level);
        while self.size >> carry & 1 == 1
            && let Some(left) = self.nodes.pop()
        {
            hash = node_hash(&left, &hash);
            carry += 1;
        }
        self.nodes.push(hash);
        self.size += 1 << level;
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut nodes = self.nodes.iter().rev();
        let Some(last) = nodes.next() else { return empty_root() };
        nodes.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// A tree of which the roots of complete tiles are known, the leaves of the last incomplete one, and of one tile more if a proof is
/// about a leaf of it.
#[derive(Debug, Clone, Default)]
pub struct Tiles {
    /// The root of each complete tile.
    pub roots: Vec<Hash>,
    /// The leaves of the incomplete tile at the end, fewer than [`TILE`].
    pub rest: Vec<Hash>,
    /// The number of a complete tile, and its leaves.
    pub opened: Option<(u64, Vec<Hash>)>,
}

impl Tiles {
    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.roots.len() as u64 * TILE + self.rest.len() as u64
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut frontier = Frontier::of_tiles(&self.roots);
        self.rest.iter().for_each(|leaf| frontier.push(*leaf));
        frontier.root()
    }

    /// The root over leaves `start..end`, as the tree splits them; `None` where leaves are not known.
    fn subtree(&self, start: u64, end: u64) -> Option<Hash> {
        let tile = start / TILE;
        if end - start == TILE && start.is_multiple_of(TILE) {
            return self.roots.get(usize::try_from(tile).ok()?).copied();
        }
        if (end - 1) / TILE == tile {
            let leaves = match &self.opened {
                Some((opened, leaves)) if *opened == tile => leaves,
                _ if tile == self.roots.len() as u64 => &self.rest,
                _ => return None,
            };
            let at = |leaf: u64| usize::try_from(leaf - tile * TILE).ok();
            return leaves.get(at(start)?..at(end)?).map(root_of);
        }
        let middle = start + split(end - start);
        Some(node_hash(&self.subtree(start, middle)?, &self.subtree(middle, end)?))
    }

    /// The hashes that lead from a leaf to the root, from the leaf upwards (RFC 6962, section 2.1.1). `None` if the leaf is not in the
    /// tree, or its tile is not known.
    pub fn inclusion(&self, index: u64) -> Option<Vec<Hash>> {
        let (mut start, mut end) = (0, self.size());
        if index >= end {
            return None;
        }
        let mut path = Vec::new();
        while end - start > 1 {
            let middle = start + split(end - start);
            if index < middle {
                path.push(self.subtree(middle, end)?);
                end = middle;
            } else {
                path.push(self.subtree(start, middle)?);
                start = middle;
            }
        }
        path.reverse();
        Some(path)
    }

    /// The hashes that show that the tree's first `size` leaves are those of a smaller tree (RFC 6962, section 2.1.2). Empty for a size
    /// of 0 and for its own. `None` if it is larger, or a tile is not known.
    pub fn consistency(&self, size: u64) -> Option<Vec<Hash>> {
        let whole = self.size();
        if size > whole {
            return None;
        }
        if size == 0 || size == whole {
            return Some(vec![]);
        }
        let (mut start, mut end, mut old) = (0, whole, true);
        let mut path = Vec::new();
        while size != end {
            let middle = start + split(end - start);
            if size <= middle {
                path.push(self.subtree(middle, end)?);
                end = middle;
            } else {
                path.push(self.subtree(start, middle)?);
                start = middle;
                old = false;
            }
        }
        if !old {
            path.push(self.subtree(start, end)?);
        }
        path.reverse();
        Some(path)
    }
}

/// The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2); `None` if the proof has the wrong length.
pub fn root_from_inclusion(index: u64, size: u64, leaf: Hash, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some(hash)
}

/// Whether a proof shows that a tree grew from a smaller one (RFC 9162, section 2.1.4.2).
pub fn is_consistent(old: (u64, &Hash), new: (u64, &Hash), path: &[Hash]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size == 0 {
        return path.is_empty() && *old_root == empty_root();
    }
    if old_size >= new_size {
        return old_size == new_size && path.is_empty() && old_root == new_root;
    }
    let mut hashes = path.iter();
    let first = if old_size.is_power_of_two() { Some(old_root) } else { hashes.next() };
    let Some(first) = first else { return false };
    let (mut at, mut last) = (old_size - 1, new_size - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut from_old, mut from_new) = (*first, *first);
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            from_old = node_hash(hash, &from_old);
            from_new = node_hash(hash, &from_new);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            from_new = node_hash(&from_new, hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && from_old == *old_root && from_new == *new_root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|leaf| leaf_hash(&leaf.to_be_bytes())).collect()
    }

    fn tiles(leaves: &[Hash], opened: Option<u64>) -> Tiles {
        let whole = leaves.len() / 256 * 256;
        Tiles {
            roots: leaves[..whole].chunks(256).map(root_of).collect(),
            rest: leaves[whole..].to_vec(),
            opened: opened.map(|tile| (tile, leaves[tile as usize * 256..][..256].to_vec())),
        }
    }

    /// RFC 6962 has no examples; these are the roots of the first sizes of the test data of certificate-transparency's own tests.
    #[test]
    fn the_first_roots_are_those_that_everybody_has() {
        let entries: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let hashes: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let hex = |hash: Hash| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(root_of(&hashes[..0])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(hex(root_of(&hashes[..1])), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_eq!(hex(root_of(&hashes[..2])), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
        assert_eq!(hex(root_of(&hashes[..3])), "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
        assert_eq!(hex(root_of(&hashes[..7])), "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
        assert_eq!(hex(root_of(&hashes)), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    }

    #[test]
    fn a_tree_grows_by_its_edge_and_by_tiles_to_the_same_root() {
        let all = leaves(1300);
        let mut frontier = Frontier::default();
        for (size, leaf) in all.iter().enumerate() {
            assert_eq!(frontier.root(), root_of(&all[..size]), "{size}");
            frontier.push(*leaf);
            assert_eq!(Frontier::from_parts(frontier.size(), frontier.nodes().to_vec()).as_ref(), Some(&frontier));
        }
        assert_eq!(tiles(&all, None).root(), frontier.root());
        assert_eq!(Frontier::from_parts(3, vec![all[0]]), None);
    }

    #[test]
    fn every_proof_of_every_small_tree_holds_and_no_other() {
        for size in 1..=70u64 {
            let all = leaves(size);
            let tree = tiles(&all, None);
            let root = root_of(&all);
            for index in 0..size {
                let path = tree.inclusion(index).unwrap();
                assert_eq!(root_from_inclusion(index, size, all[index as usize], &path), Some(root), "{index} of {size}");
                assert_ne!(root_from_inclusion((index + 1) % (size + 1), size, all[index as usize], &path), Some(root));
                let mut longer = path.clone();
                longer.push(root);
                assert_eq!(root_from_inclusion(index, size, all[index as usize], &longer), None);
                if !path.is_empty() {
                    assert_eq!(root_from_inclusion(index, size, all[index as usize], &path[1..]), None);
                }
            }
            assert_eq!(tree.inclusion(size), None);
            for old in 0..=size {
                let path = tree.consistency(old).unwrap();
                let old_root = root_of(&all[..old as usize]);
                assert!(is_consistent((old, &old_root), (size, &root), &path), "{old} in {size}");
                assert!(!is_consistent((old, &leaf_hash(b"other")), (size, &root), &path));
                assert!(old == 0 || !is_consistent((old, &old_root), (size, &leaf_hash(b"other")), &path));
            }
            assert_eq!(tree.consistency(size + 1), None);
        }
    }

    #[test]
    fn proofs_go_through_tiles() {
        let all = leaves(5 * 256 + 17);
        let root = root_of(&all);
        for index in [0, 1, 255, 256, 700, 1023, 1024, 1279, 1280, 1296] {
            let tile = index / 256;
            let tree = tiles(&all, (tile < 5).then_some(tile));
            let path = tree.inclusion(index).unwrap();
            assert_eq!(root_from_inclusion(index, all.len() as u64, all[index as usize], &path), Some(root));
        }
        assert_eq!(tiles(&all, None).inclusion(700), None, "a tile that is not open gives no proof");
        for old in [1, 255, 256, 257, 1000, 1024, 1280, 1290] {
            let tree = tiles(&all, (old / 256 < 5).then_some(old / 256));
            let path = tree.consistency(old).unwrap();
            assert!(is_consistent((old, &root_of(&all[..old as usize])), (all.len() as u64, &root), &path), "{old}");
        }
    }

    /// The same roots and proofs by two independent implementations.
    #[test]
    fn other_implementations_agree() {
        let entries: Vec<[u8; 8]> = (0..300u64).map(|leaf| leaf.to_be_bytes()).collect();
        let mut ct_merkle = ct_merkle::mem_backed_tree::MemoryBackedTree::<sha2::Sha256, [u8; 8]>::new();
        let mut stored: Vec<tlog_tiles::Hash> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            ct_merkle.push(*entry);
            let more = tlog_tiles::stored_hashes(at as u64, entry, &Reader(&stored)).unwrap();
            stored.extend(more);
        }
        let all = leaves(300);
        let root = root_of(&all);
        assert_eq!(ct_merkle.root().as_bytes().as_slice(), root);
        assert_eq!(tlog_tiles::tree_hash(300, &Reader(&stored)).unwrap().0, root);
        for index in [0, 17, 255, 256, 299] {
            let path = tiles(&all, (index < 256).then_some(0)).inclusion(index).unwrap();
            assert_eq!(ct_merkle.prove_inclusion(index as usize).as_bytes(), path.concat());
            let theirs: Vec<Hash> =
                tlog_tiles::prove_record(300, index, &Reader(&stored)).unwrap().iter().map(|hash| hash.0).collect();
            assert_eq!(theirs, path, "{index}");
        }
        for old in [1, 2, 100, 128, 255, 256, 257, 299] {
            let path = tiles(&all, (old < 256).then_some(0)).consistency(old).unwrap();
            assert_eq!(ct_merkle.prove_consistency(300 - old as usize).as_bytes(), path.concat());
            let theirs: Vec<Hash> = tlog_tiles::prove_tree(300, old, &Reader(&stored)).unwrap().iter().map(|hash| hash.0).collect();
            assert_eq!(theirs, path, "{old}");
        }
    }

    struct Reader<'a>(&'a [tlog_tiles::Hash]);

    impl tlog_tiles::HashReader for Reader<'_> {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::tlog::Error> {
            Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
        }
    }
}
