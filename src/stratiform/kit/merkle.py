"""A Merkle tree over an append-only log, kept in tiles of 256 hashes.

Hashing and proofs: RFC 6962, section 2.1; their checks: RFC 9162, sections 2.1.3.2 and 2.1.4.2. Tiles: C2SP
tlog-tiles. Tile (0, n) has the leaves 256·n and on, as hashes; tile (l + 1, n) has the roots of the full tiles
(l, 256·n) and on. Only the last tile of a level is ever partial. Pure: whoever calls keeps the tiles.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache

from stratiform.kit.errors import Fault

#: Gives the hashes of the tile (level, number) as far as they are stored, none where there is no such tile.
Reader = Callable[[int, int], bytes]

HASH_BYTES = 32

#: A tile spans so many levels of the tree, and so is this many hashes wide.
_HEIGHT = 8
TILE_WIDTH = 1 << _HEIGHT

#: So many tiles are held at once while proofs are made: neighbours share theirs.
_TILES_HELD = 512


class MissingTile(Fault):
    """What is stored has fewer hashes than the log had."""


def leaf_hash(record: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def append(read: Reader, size: int, leaves: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
    """The tiles to write so that `leaves` (their hashes) follow the `size` that there are; only those that change.

    Raises MissingTile where the last tile of a level isn't stored as far as `size` says.
    """
    changed: dict[tuple[int, int], bytes] = {}
    level, count, new = 0, size, b"".join(leaves)
    while new:
        number, held = divmod(count, TILE_WIDTH)
        hashes = _stored(read, level, number, held) + new
        full = []
        for start in range(0, len(hashes), TILE_WIDTH * HASH_BYTES):
            tile = hashes[start : start + TILE_WIDTH * HASH_BYTES]
            changed[level, number] = tile
            number += 1
            if len(tile) == TILE_WIDTH * HASH_BYTES:
                full.append(_rows(tile)[-1][0])
        level, count, new = level + 1, count // TILE_WIDTH, b"".join(full)
    return changed


def leaf(read: Reader, index: int) -> bytes:
    """The hash of the leaf `index`. Raises MissingTile."""
    number, place = divmod(index, TILE_WIDTH)
    return _stored(read, 0, number, place + 1)[-HASH_BYTES:]


def root(read: Reader, size: int) -> bytes:
    """The root of the tree of the first `size` leaves. Raises MissingTile."""
    return Tree(read, size).root()


def inclusion(read: Reader, index: int, size: int) -> list[bytes]:
    """The proof that the leaf `index` is in the tree of `size` leaves. Raises MissingTile, ValueError."""
    return Tree(read, size).inclusion(index)


def consistency(read: Reader, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with that of `old`. Raises MissingTile, ValueError."""
    return Tree(read, new).consistency(old)


class Tree:
    """The tree of the first `size` leaves. One object makes many proofs quickly."""

    def __init__(self, read: Reader, size: int) -> None:
        self._read = read
        self._size = size
        self._rows = lru_cache(_TILES_HELD)(self._tile)
        self._edge: dict[int, bytes] = {}  # hashes of what begins here and ends with the tree

    def root(self) -> bytes:
        return self._hash(0, self._size) if self._size else hashlib.sha256().digest()

    def inclusion(self, index: int) -> list[bytes]:
        """The hashes beside the way from the leaf to the root, the leaf's neighbour first."""
        if not 0 <= index < self._size:
            raise ValueError(f"no leaf {index} among {self._size}")
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

    def consistency(self, old: int) -> list[bytes]:
        """The hashes from which both roots follow; none where one of them is known without."""
        if not 0 <= old <= self._size:
            raise ValueError(f"no {old} leaves among {self._size}")
        if old in (0, self._size):
            return []
        proof = []
        start, end, whole = 0, self._size, True
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                proof.append(self._hash(middle, end))
                end = middle
            else:
                proof.append(self._hash(start, middle))
                start, whole = middle, False
        return (proof if whole else [*proof, self._hash(start, end)])[::-1]

    def _hash(self, start: int, end: int) -> bytes:
        """The root over the leaves [start, end), where `start` is where a tree of that many may begin."""
        width = end - start
        if width & (width - 1) == 0:
            return self._node(width.bit_length() - 1, start // width)
        if start not in self._edge:  # only the tree's own end cuts a part that isn't a power of two
            middle = start + _split(width)
            self._edge[start] = node_hash(self._hash(start, middle), self._hash(middle, end))
        return self._edge[start]

    def _node(self, height: int, index: int) -> bytes:
        level, row = divmod(height, _HEIGHT)
        number, place = divmod(index, TILE_WIDTH >> row)
        return self._rows(level, number)[row][place]

    def _tile(self, level: int, number: int) -> list[list[bytes]]:
        count = (self._size >> _HEIGHT * level) - number * TILE_WIDTH
        return _rows(_stored(self._read, level, number, min(count, TILE_WIDTH)))


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows the leaf with the hash `leaf` to be the `index`-th of the tree of `size` with that root."""
    return led_to(leaf, index, size, proof) == root


def led_to(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that follows from an inclusion proof; None where there are too many hashes in it, or too few."""
    if not 0 <= index < size:
        return None
    here, last, found = index, size - 1, leaf
    for beside in proof:
        if last == 0:
            return None
        if here & 1 or here == last:
            found = node_hash(beside, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, beside)
        here, last = here >> 1, last >> 1
    return found if last == 0 else None


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows the tree of `new` leaves to begin with the tree of `old`, given their roots."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == hashlib.sha256().digest()
    rest = list(proof) if old & (old - 1) else [old_root, *proof]
    if not rest:
        return False
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    was = now = rest[0]
    for beside in rest[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            was, now = node_hash(beside, was), node_hash(beside, now)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            now = node_hash(now, beside)
        here, last = here >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


def _split(width: int) -> int:
    """The largest power of two below `width`: so many leaves stand on the left."""
    return 1 << (width - 1).bit_length() - 1


def _stored(read: Reader, level: int, number: int, count: int) -> bytes:
    """The first `count` hashes of a tile; what was stored after them is of a larger tree."""
    hashes = read(level, number)[: count * HASH_BYTES] if count > 0 else b""
    if len(hashes) != count * HASH_BYTES:
        raise MissingTile(f"the log lacks hashes: tile {level}/{number} has {len(hashes) // HASH_BYTES} of {count}")
    return hashes


def _rows(tile: bytes) -> list[list[bytes]]:
    """The hashes of a tile, and above them those of all complete trees of 2, 4 … 256."""
    rows = [[tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]]
    while len(rows[-1]) > 1:
        below = rows[-1]
        rows.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return rows
