"""The Merkle tree: known answers of certificate-transparency, a reference implementation, tampering."""

import hashlib
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.kit import merkle_tree
from support.profiles import examples

#: Leaves, roots and proofs of certificate-transparency's tests.
INPUTS = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
INCLUSION: dict[tuple[int, int], tuple[str, ...]] = {
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}
CONSISTENCY: dict[tuple[int, int], tuple[str, ...]] = {
    (1, 8): INCLUSION[0, 8],
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
POWERS_OF_TWO = [1 << exponent for exponent in range(16, -1, -1)]
SIZES = (1, 2, 3, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 65792)


class Log:
    """A log in memory that records which tiles are read."""

    def __init__(self, leaves: Sequence[bytes] = (), cuts: Sequence[int] = ()) -> None:
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.read: list[tuple[int, int]] = []
        self.size = 0
        for until in (*cuts, len(leaves)):
            self.add(leaves[self.size : until])

    def add(self, leaves: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
        changed = merkle_tree.append_leaves(self.tile, self.size, leaves)
        self.tiles |= changed
        self.size += len(leaves)
        return changed

    def tile(self, level: int, number: int) -> bytes:
        self.read.append((level, number))
        return self.tiles.get((level, number), b"")


@cache
def all_leaves() -> list[bytes]:
    return [merkle_tree.compute_leaf_hash(b"%d" % number) for number in range(SIZES[-1])]


def leaves_of(count: int) -> list[bytes]:
    return all_leaves()[:count]


@cache
def reference_root(end: int, start: int = 0) -> bytes:
    """Compute the root of the leaves [start, end) as defined in RFC 6962, section 2.1."""
    count = end - start
    if count == 0:
        return hashlib.sha256().digest()
    if count == 1:
        return all_leaves()[start]
    middle = start + next(power for power in POWERS_OF_TWO if power < count)
    return hashlib.sha256(b"\x01" + reference_root(middle, start) + reference_root(end, middle)).digest()


@pytest.fixture(scope="module")
def large_log() -> Log:
    return Log(leaves_of(SIZES[-1]), cuts=(100, 255, 256, 1256, 40000))


def test_known_answers() -> None:
    log = Log([merkle_tree.compute_leaf_hash(data) for data in INPUTS])
    assert [merkle_tree.compute_root(log.tile, size).hex() for size in range(9)] == list(ROOTS)
    for (index, size), proof in INCLUSION.items():
        assert tuple(item.hex() for item in merkle_tree.prove_inclusion(log.tile, index, size)) == proof
    for (old, new), proof in CONSISTENCY.items():
        assert tuple(item.hex() for item in merkle_tree.prove_consistency(log.tile, old, new)) == proof


@pytest.mark.parametrize("size", SIZES)
def test_roots_and_proofs_at_tile_boundaries(large_log: Log, size: int) -> None:
    leaves = leaves_of(size)
    root = merkle_tree.compute_root(large_log.tile, size)
    assert root == reference_root(size)
    for index in {0, 1, 255, 256, size // 2, size - 2, size - 1}:
        if 0 <= index < size:
            proof = merkle_tree.prove_inclusion(large_log.tile, index, size)
            assert merkle_tree.verify_inclusion(leaves[index], index, size, proof, root)
    for old in (0, *[smaller for smaller in SIZES if smaller <= size]):
        proof = merkle_tree.prove_consistency(large_log.tile, old, size)
        assert merkle_tree.verify_consistency(old, size, merkle_tree.compute_root(large_log.tile, old), root, proof)


@given(size=st.integers(0, 700), cuts=st.lists(st.integers(0, 700), max_size=6))
@settings(max_examples=examples(60))
def test_root_does_not_depend_on_the_batches(size: int, cuts: list[int]) -> None:
    leaves = leaves_of(size)
    log = Log(leaves, sorted(cut for cut in cuts if cut <= size))
    assert merkle_tree.compute_root(log.tile, size) == reference_root(size)
    assert log.tiles == Log(leaves).tiles


@given(data=st.data(), size=st.integers(1, 70))
@settings(max_examples=examples(200))
def test_inclusion_proof_is_valid_only_for_its_leaf_and_index(data: st.DataObject, size: int) -> None:
    leaves = leaves_of(size)
    log = Log(leaves)
    index = data.draw(st.integers(0, size - 1))
    root, proof = merkle_tree.compute_root(log.tile, size), merkle_tree.prove_inclusion(log.tile, index, size)
    assert merkle_tree.verify_inclusion(leaves[index], index, size, proof, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda other: other != index) if size > 1 else st.just(size))
    assert not merkle_tree.verify_inclusion(leaves[index], other, size, proof, root)
    assert not merkle_tree.verify_inclusion(merkle_tree.compute_leaf_hash(b"other"), index, size, proof, root)
    assert not merkle_tree.verify_inclusion(leaves[index], index, size, [*proof, root], root)
    assert not merkle_tree.verify_inclusion(leaves[index], -1, size, proof, root)
    if proof:
        assert not merkle_tree.verify_inclusion(leaves[index], index, size, proof[:-1], root)
        i = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:i], root, *proof[i + 1 :]]
        assert not merkle_tree.verify_inclusion(leaves[index], index, size, changed, root)


@given(data=st.data(), new=st.integers(0, 70))
@settings(max_examples=examples(200))
def test_consistency_proof_detects_a_rewritten_log(data: st.DataObject, new: int) -> None:
    leaves = leaves_of(new)
    log = Log(leaves)
    old = data.draw(st.integers(0, new))
    proof = merkle_tree.prove_consistency(log.tile, old, new)
    old_root, new_root = merkle_tree.compute_root(log.tile, old), merkle_tree.compute_root(log.tile, new)
    assert merkle_tree.verify_consistency(old, new, old_root, new_root, proof)
    assert not merkle_tree.verify_consistency(old, new, old_root, new_root, [*proof, new_root])
    assert not merkle_tree.verify_consistency(new + 1, new, old_root, new_root, proof)
    if proof:
        assert not merkle_tree.verify_consistency(old, new, old_root, new_root, proof[1:])
    if old:
        i = data.draw(st.integers(0, old - 1))
        other = Log([*leaves[:i], merkle_tree.compute_leaf_hash(b"other"), *leaves[i + 1 :]])
        rewritten = merkle_tree.prove_consistency(other.tile, old, new)
        assert not merkle_tree.verify_consistency(
            old, new, old_root, merkle_tree.compute_root(other.tile, new), rewritten
        )


def test_missing_leaves_and_tiles_raise() -> None:
    log = Log(leaves_of(300))
    with pytest.raises(ValueError, match="leaf 300 is not in a tree of 300 leaves"):
        merkle_tree.prove_inclusion(log.tile, 300, 300)
    with pytest.raises(ValueError, match="tree of 300 leaves has no 301 leaves"):
        merkle_tree.prove_consistency(log.tile, 301, 300)
    log.tiles[0, 1] = log.tiles[0, 1][:-32]
    with pytest.raises(merkle_tree.MissingTile, match="tile 0/1 has 43 of 44"):
        merkle_tree.compute_root(log.tile, 300)
    with pytest.raises(merkle_tree.MissingTile):
        merkle_tree.append_leaves(log.tile, 300, leaves_of(1))
    assert merkle_tree.compute_root(log.tile, 299) == reference_root(299)


def test_append_reads_and_writes_only_the_last_tiles(large_log: Log) -> None:
    leaves = leaves_of(1000)
    large_log.read.clear()
    changed = merkle_tree.append_leaves(large_log.tile, SIZES[-1], leaves)
    assert changed.keys() == {(0, 257), (0, 258), (0, 259), (0, 260), (1, 1)}
    assert len(large_log.read) <= 2
    assert merkle_tree.append_leaves(large_log.tile, SIZES[-1], []) == {}


def test_proofs_of_adjacent_leaves_read_each_tile_once(large_log: Log) -> None:
    large_log.read.clear()
    tree = merkle_tree.TreeProver(large_log.tile, SIZES[-1])
    root = tree.compute_root()
    for index, leaf in enumerate(leaves_of(2000)):
        assert merkle_tree.verify_inclusion(leaf, index, SIZES[-1], tree.prove_inclusion(index), root)
    assert len(large_log.read) == len(set(large_log.read)) < 20
