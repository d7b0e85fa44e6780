"""The Merkle tree: certificate-transparency's known answers, a slow tree beside it, and tampering."""

import hashlib
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.kit import merkle
from support.profiles import examples

#: The leaves, roots and proofs of certificate-transparency's own tests.
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
BORDERS = (1, 2, 3, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 65792)


class Log:
    """A log in memory; it counts which tiles are read."""

    def __init__(self, leaves: Sequence[bytes] = (), cuts: Sequence[int] = ()) -> None:
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.read: list[tuple[int, int]] = []
        self.size = 0
        for until in (*cuts, len(leaves)):
            self.add(leaves[self.size : until])

    def add(self, leaves: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
        changed = merkle.append(self.tile, self.size, leaves)
        self.tiles |= changed
        self.size += len(leaves)
        return changed

    def tile(self, level: int, number: int) -> bytes:
        self.read.append((level, number))
        return self.tiles.get((level, number), b"")


def leaves_of(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % number) for number in range(count)]


def slow_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    half = max(1 << power for power in range(40) if 1 << power < len(leaves))
    return hashlib.sha256(b"\x01" + slow_root(leaves[:half]) + slow_root(leaves[half:])).digest()


@pytest.fixture(scope="module")
def big() -> Log:
    return Log(leaves_of(BORDERS[-1]), cuts=(100, 255, 256, 1256, 40000))


def test_known_answers() -> None:
    log = Log([merkle.leaf_hash(data) for data in INPUTS])
    assert [merkle.root(log.tile, size).hex() for size in range(9)] == list(ROOTS)
    for (index, size), proof in INCLUSION.items():
        assert tuple(one.hex() for one in merkle.inclusion(log.tile, index, size)) == proof
    for (old, new), proof in CONSISTENCY.items():
        assert tuple(one.hex() for one in merkle.consistency(log.tile, old, new)) == proof


@pytest.mark.parametrize("size", BORDERS)
def test_roots_and_proofs_over_the_borders_of_tiles(big: Log, size: int) -> None:
    leaves = leaves_of(size)
    root = merkle.root(big.tile, size)
    assert root == slow_root(leaves)
    for index in {0, 1, 255, 256, size // 2, size - 2, size - 1}:
        if 0 <= index < size:
            proof = merkle.inclusion(big.tile, index, size)
            assert merkle.check_inclusion(leaves[index], index, size, proof, root)
    for old in (0, *[border for border in BORDERS if border <= size]):
        proof = merkle.consistency(big.tile, old, size)
        assert merkle.check_consistency(old, size, merkle.root(big.tile, old), root, proof)


@given(size=st.integers(0, 700), cuts=st.lists(st.integers(0, 700), max_size=6))
@settings(max_examples=examples(60))
def test_the_root_depends_on_the_leaves_alone(size: int, cuts: list[int]) -> None:
    leaves = leaves_of(size)
    log = Log(leaves, sorted(cut for cut in cuts if cut <= size))
    assert merkle.root(log.tile, size) == slow_root(leaves)
    assert log.tiles == Log(leaves).tiles


@given(data=st.data(), size=st.integers(1, 70))
@settings(max_examples=examples(200))
def test_only_the_very_leaf_place_and_proof_will_do(data: st.DataObject, size: int) -> None:
    leaves = leaves_of(size)
    log = Log(leaves)
    index = data.draw(st.integers(0, size - 1))
    root, proof = merkle.root(log.tile, size), merkle.inclusion(log.tile, index, size)
    assert merkle.check_inclusion(leaves[index], index, size, proof, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index) if size > 1 else st.just(size))
    assert not merkle.check_inclusion(leaves[index], other, size, proof, root)
    assert not merkle.check_inclusion(merkle.leaf_hash(b"other"), index, size, proof, root)
    assert not merkle.check_inclusion(leaves[index], index, size, [*proof, root], root)
    assert not merkle.check_inclusion(leaves[index], -1, size, proof, root)
    if proof:
        assert not merkle.check_inclusion(leaves[index], index, size, proof[:-1], root)
        at = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:at], root, *proof[at + 1 :]]
        assert not merkle.check_inclusion(leaves[index], index, size, changed, root)


@given(data=st.data(), new=st.integers(0, 70))
@settings(max_examples=examples(200))
def test_a_log_that_was_rewritten_is_not_consistent(data: st.DataObject, new: int) -> None:
    leaves = leaves_of(new)
    log = Log(leaves)
    old = data.draw(st.integers(0, new))
    proof = merkle.consistency(log.tile, old, new)
    was, now = merkle.root(log.tile, old), merkle.root(log.tile, new)
    assert merkle.check_consistency(old, new, was, now, proof)
    assert not merkle.check_consistency(old, new, was, now, [*proof, now])
    assert not merkle.check_consistency(new + 1, new, was, now, proof)
    if proof:
        assert not merkle.check_consistency(old, new, was, now, proof[1:])
    if old:
        at = data.draw(st.integers(0, old - 1))
        other = Log([*leaves[:at], merkle.leaf_hash(b"other"), *leaves[at + 1 :]])
        rewritten = merkle.consistency(other.tile, old, new)
        assert not merkle.check_consistency(old, new, was, merkle.root(other.tile, new), rewritten)


def test_what_is_not_there_is_not_proved() -> None:
    log = Log(leaves_of(300))
    with pytest.raises(ValueError, match="no leaf 300 among 300"):
        merkle.inclusion(log.tile, 300, 300)
    with pytest.raises(ValueError, match="no 301 leaves among 300"):
        merkle.consistency(log.tile, 301, 300)
    log.tiles[0, 1] = log.tiles[0, 1][:-32]
    with pytest.raises(merkle.MissingTile, match="tile 0/1 has 43 of 44"):
        merkle.root(log.tile, 300)
    with pytest.raises(merkle.MissingTile):
        merkle.append(log.tile, 300, leaves_of(1))
    assert merkle.root(log.tile, 299) == slow_root(leaves_of(299))


def test_adding_touches_the_last_tiles_only(big: Log) -> None:
    leaves = leaves_of(1000)
    big.read.clear()
    begun = time.perf_counter()
    changed = merkle.append(big.tile, BORDERS[-1], leaves)
    took_s = time.perf_counter() - begun
    assert changed.keys() == {(0, 257), (0, 258), (0, 259), (0, 260), (1, 1)}
    assert len(big.read) <= 2
    assert took_s < 0.05  # 1 ms by itself; the machine may be busy
    assert merkle.append(big.tile, BORDERS[-1], []) == {}


def test_many_proofs_of_neighbours_read_a_tile_once(big: Log) -> None:
    big.read.clear()
    tree = merkle.Tree(big.tile, BORDERS[-1])
    root = tree.root()
    for index, leaf in enumerate(leaves_of(2000)):
        assert merkle.check_inclusion(leaf, index, BORDERS[-1], tree.inclusion(index), root)
    assert len(big.read) == len(set(big.read)) < 20
