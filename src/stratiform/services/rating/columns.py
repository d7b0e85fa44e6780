"""Usage in Arrow columns, and whole numbers for its texts, by which the fast engine joins and groups."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from stratiform.services.rating.model import MEASURED, NAMED, Facts, Usage, text, whole

if TYPE_CHECKING:  # it takes a second and 60 MiB, which an idle process must not pay
    import pyarrow as pa

#: An array of Arrow; its stubs don't know what a dictionary array has.
Column = Any

#: Who used what, in the order in which lines are sorted.
KEY = ("project_id", "resource_type", "resource_id", "cloud")

_FACTS = ("resource_type", "cloud", "state", *NAMED)
_TEXTS = (*KEY, "state", *NAMED)
_BATCH = 50_000
_64_BITS = 2**63


def schema() -> "pa.Schema":
    """The columns of usage; times in microseconds, `end` null while open."""
    import pyarrow as pa

    texts = [pa.field(name, pa.dictionary(pa.int32(), pa.string())) for name in _TEXTS]
    numbers = [pa.field(name, pa.int64()) for name in ("start", "end", *MEASURED)]
    return pa.schema(texts + numbers)


def table(usages: Iterable[Usage]) -> "pa.Table":
    """`usages` in columns."""
    import pyarrow as pa

    rows = iter(usages)
    batches = []
    while batch := list(islice(rows, _BATCH)):
        batches.append(pa.RecordBatch.from_pydict(_columns(batch), schema=schema()))
    return pa.Table.from_batches(batches, schema=schema())


def _columns(usages: list[Usage]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [getattr(usage, name) for usage in usages] for name in (*KEY, "state")}
    columns |= {name: [text(usage.attributes.get(name)) for usage in usages] for name in NAMED}
    columns |= {name: [whole(usage.attributes.get(name)) for usage in usages] for name in MEASURED}
    return columns | {"start": [usage.start for usage in usages], "end": [usage.end for usage in usages]}


class Coded:
    """Usage with numbers for its texts. `rows` has `key` (in the order of its texts), `facts`, start, end and the
    measured attributes; `facts` counts from 0 through the list `facts`."""

    def __init__(self, usage: "pa.Table") -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = {name: _flat(_one_dictionary(usage[name])) for name in _TEXTS}
        measured = {name: _flat(usage[name]) for name in MEASURED}
        self._words = {name: texts[name].dictionary.sort() for name in KEY}
        key = _combined([(_places(texts[name], self._words[name]), len(self._words[name])) for name in KEY])
        told = [(pc.cast(pc.is_valid(measured[name]), pa.int64()), 2) for name in MEASURED if measured[name].null_count]
        named = [(pc.cast(texts[name].indices, pa.int64()), len(texts[name].dictionary)) for name in _FACTS]
        facts = pc.dictionary_encode(_combined(named + told)).indices
        times = {name: _flat(usage[name]) for name in ("start", "end")}
        self.rows = pa.table({"key": key, "facts": facts, **times, **measured})
        self.facts = _examples(facts, {**texts, **measured})
        del key, told, named, facts
        pa.default_memory_pool().release_unused()  # the steps in between took twice what is kept

    def names(self, keys: Column) -> dict[str, Column]:
        """The texts of `keys`, in columns."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found = {}
        for name in reversed(KEY):
            size = pa.scalar(max(len(self._words[name]), 1), pa.int64())
            rest = pc.divide(keys, size)
            place = pc.subtract(keys, pc.multiply(rest, size))
            found[name] = pa.DictionaryArray.from_arrays(pc.cast(place, pa.int32()), self._words[name])
            keys = rest
        return {name: found[name] for name in KEY}


def _one_dictionary(column: Column) -> Column:
    """`column` with the same words in every chunk; as read from a file it mostly has them, and comparing is dear."""
    import pyarrow as pa

    first = column.chunk(0).dictionary if column.num_chunks else None
    if first is None or any(_buffers(chunk.dictionary) != _buffers(first) for chunk in column.chunks):
        return column.unify_dictionaries()
    indices = pa.chunked_array([chunk.indices for chunk in column.chunks]).combine_chunks()
    return pa.chunked_array([pa.DictionaryArray.from_arrays(indices, first)])


def _buffers(words: Column) -> list[int]:
    return [len(words), words.offset, *(buffer.address if buffer else 0 for buffer in words.buffers())]


def _flat(column: Column) -> Column:
    whole_column = column.combine_chunks()
    return whole_column.chunk(0) if hasattr(whole_column, "num_chunks") else whole_column


def _places(column: Column, words: Column) -> Column:
    """For each row, where its text stands in `words`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(pc.index_in(column.dictionary, words), pa.int64()).take(column.indices)


def _combined(parts: Sequence[tuple[Column, int]]) -> Column:
    """One number for several, each below its size, in their order; made dense where 64 bits would not do."""
    import pyarrow as pa
    import pyarrow.compute as pc

    combined, most = parts[0]
    for codes, size in parts[1:]:
        if size <= 1:
            continue
        if most * size >= _64_BITS:
            dense = pc.dictionary_encode(combined)
            combined, most = pc.cast(dense.indices, pa.int64()), len(dense.dictionary)
        combined = pc.add(pc.multiply(combined, pa.scalar(size, pa.int64())), codes)
        most *= size
    return combined


def _examples(codes: Column, columns: dict[str, Column]) -> list[Facts]:
    """The facts that each number of `codes` stands for, from the first row that has it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    every = pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), len(codes)))
    rows = pa.table({"facts": codes, "row": pc.subtract(every, 1)})
    first = rows.group_by("facts").aggregate([("row", "min")]).sort_by("facts")["row_min"]
    found = {name: column.take(first.combine_chunks()).to_pylist() for name, column in columns.items()}
    return [
        Facts(
            found["resource_type"][i],
            found["cloud"][i],
            found["state"][i],
            tuple(found[name][i] for name in NAMED),
            frozenset(name for name in MEASURED if found[name][i] is not None),
        )
        for i in range(len(first))
    ]
