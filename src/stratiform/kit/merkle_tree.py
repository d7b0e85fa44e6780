"""A Merkle tree over an append-only log, stored in tiles of 256 hashes.

Tile (0, n) contains the hashes of the leaves from 256·n; tile (l + 1, n) contains the roots of the full tiles from
(l, 256·n). Only the last tile of a level is partial. The functions are pure: callers store the tiles.

Sources: RFC 6962, section 2.1 (hashes and proofs); RFC 9162, sections 2.1.3.2 and 2.1.4.2 (verification); C2SP
tlog-tiles (tiles).
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache

from stratiform.kit.errors import Fault

#: Returns the stored hashes of the tile (level, number), empty if the tile is not stored.
Reader = Callable[[int, int], bytes]

HASH_BYTES = 32

#: The number of tree levels and of hashes in a tile.
_HEIGHT = 8
TILE_WIDTH = 1 << _HEIGHT

#: The number of cached tiles of a tree: proofs of adjacent leaves use the same tiles.
_CACHED_TILES = 512


class MissingTile(Fault):
    """The stored tiles have fewer hashes than the log."""


def compute_leaf_hash(record: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + record).digest()


def compute_node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def append_leaves(read: Reader, size: int, leaves: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
    """Return the tiles that change when `leaves` (hashes) are appended to a log of `size` leaves.

    Raises: MissingTile if the last tile of a level has fewer hashes than `size` requires.
    """
    changed: dict[tuple[int, int], bytes] = {}
    level, count, new = 0, size, b"".join(leaves)
    while new:
        number, stored = divmod(count, TILE_WIDTH)
        hashes = _read_tile(read, level, number, stored) + new
        full = []
        for start in range(0, len(hashes), TILE_WIDTH * HASH_BYTES):
            tile = hashes[start : start + TILE_WIDTH * HASH_BYTES]
            changed[level, number] = tile
            number += 1
            if len(tile) == TILE_WIDTH * HASH_BYTES:
                full.append(_compute_rows(tile)[-1][0])
        level, count, new = level + 1, count // TILE_WIDTH, b"".join(full)
    return changed


def get_leaf(read: Reader, index: int) -> bytes:
    """Return the hash of a leaf. Raises: MissingTile."""
    number, offset = divmod(index, TILE_WIDTH)
    return _read_tile(read, 0, number, offset + 1)[-HASH_BYTES:]


def compute_root(read: Reader, size: int) -> bytes:
    """Return the root of the tree of the first `size` leaves. Raises: MissingTile."""
    return TreeProver(read, size).compute_root()


def prove_inclusion(read: Reader, index: int, size: int) -> list[bytes]:
    """Prove that the leaf `index` is in the tree of `size` leaves. Raises: MissingTile, ValueError."""
    return TreeProver(read, size).prove_inclusion(index)


def prove_consistency(read: Reader, old: int, new: int) -> list[bytes]:
    """Prove that the tree of `new` leaves starts with the tree of `old` leaves. Raises: MissingTile, ValueError."""
    return TreeProver(read, new).prove_consistency(old)


class TreeProver:
    """The tree of the first `size` leaves, with a cache for many proofs."""

    def __init__(self, read: Reader, size: int) -> None:
        self._read = read
        self._size = size
        self._rows = lru_cache(_CACHED_TILES)(self._load_rows)
        self._edge: dict[int, bytes] = {}  # roots of the subtrees from a leaf to the end

    def compute_root(self) -> bytes:
        return self._hash(0, self._size) if self._size else hashlib.sha256().digest()

    def prove_inclusion(self, index: int) -> list[bytes]:
        """Return the siblings of the nodes on the path from the leaf to the root, the leaf's sibling first."""
        if not 0 <= index < self._size:
            raise ValueError(f"leaf {index} is not in a tree of {self._size} leaves")
        proof = []
        start, end = 0, self._size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self._hash(middle, end))
                end = middle
            else:
                proof.append(self._hash(start, middle))
                start = middle
        return proof[::-1]

    def prove_consistency(self, old: int) -> list[bytes]:
        """Return the hashes from which both roots can be computed; empty if `old` is 0 or the tree's size."""
        if not 0 <= old <= self._size:
            raise ValueError(f"tree of {self._size} leaves has no {old} leaves")
        if old in (0, self._size):
            return []
        proof = []
        start, end, is_subtree = 0, self._size, True
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                proof.append(self._hash(middle, end))
                end = middle
            else:
                proof.append(self._hash(start, middle))
                start, is_subtree = middle, False
        return (proof if is_subtree else [*proof, self._hash(start, end)])[::-1]

    def _hash(self, start: int, end: int) -> bytes:
        """Return the root of the leaves [start, end); `start` must be aligned to the subtree's size."""
        width = end - start
        if width & (width - 1) == 0:
            return self._node(width.bit_length() - 1, start // width)
        if start not in self._edge:  # only a subtree at the end has a size that is not a power of two
            middle = start + _split(width)
            self._edge[start] = compute_node_hash(self._hash(start, middle), self._hash(middle, end))
        return self._edge[start]

    def _node(self, height: int, index: int) -> bytes:
        level, row = divmod(height, _HEIGHT)
        number, offset = divmod(index, TILE_WIDTH >> row)
        return self._rows(level, number)[row][offset]

    def _load_rows(self, level: int, number: int) -> list[list[bytes]]:
        count = (self._size >> _HEIGHT * level) - number * TILE_WIDTH
        return _compute_rows(_read_tile(self._read, level, number, min(count, TILE_WIDTH)))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return True if `proof` proves that `leaf` (a hash) is the leaf `index` of the tree with this size and root."""
    return compute_root_from_inclusion_proof(leaf, index, size, proof) == root


def compute_root_from_inclusion_proof(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Compute the root from an inclusion proof; None if the proof has too many or too few hashes."""
    if not 0 <= index < size:
        return None
    node, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            root = compute_node_hash(sibling, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = compute_node_hash(root, sibling)
        node, last = node >> 1, last >> 1
    return root if last == 0 else None


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return True if `proof` proves that the tree of `new` leaves starts with the tree of `old` leaves."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == hashlib.sha256().digest()
    hashes = list(proof) if old & (old - 1) else [old_root, *proof]
    if not hashes:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = hashes[0]  # named fr and sr in RFC 9162
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = compute_node_hash(sibling, first), compute_node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = compute_node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _split(width: int) -> int:
    """Return the number of leaves in the left subtree: the largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1


def _read_tile(read: Reader, level: int, number: int, count: int) -> bytes:
    """Return the first `count` hashes of a tile; further hashes belong to a larger tree."""
    hashes = read(level, number)[: count * HASH_BYTES] if count > 0 else b""
    if len(hashes) != count * HASH_BYTES:
        stored = len(hashes) // HASH_BYTES
        raise MissingTile(f"the log is incomplete: tile {level}/{number} has {stored} of {count} hashes")
    return hashes


def _compute_rows(tile: bytes) -> list[list[bytes]]:
    """Return the hashes of a tile, and the roots of all complete subtrees of 2, 4, …, 256 of them."""
    rows = [[tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]]
    while len(rows[-1]) > 1:
        below = rows[-1]
        rows.append([compute_node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return rows
