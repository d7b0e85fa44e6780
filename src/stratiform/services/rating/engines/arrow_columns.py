"""Usage in Arrow columns, and integer codes for its texts, which the DuckDB engine joins and groups by."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from stratiform.services.rating.model import PricingFacts, UsageFields, UsageSegment, format_attribute, get_number

if TYPE_CHECKING:  # imported where needed: it takes a second and 60 MiB, which an idle process should not spend
    import pyarrow as pa

#: An Arrow array. The stubs of pyarrow do not cover dictionary arrays.
Column = Any

#: The identity of a resource in a project, in the order in which lines are sorted.
KEY = ("project_id", "resource_type", "resource_id", "cloud")

_BATCH_SIZE = 50_000
_MAX_INT64 = 2**63


def get_text_column_name(index: int) -> str:
    return f"text_{index}"


def get_number_column_name(index: int) -> str:
    return f"number_{index}"


def build_usage_schema(fields: UsageFields) -> "pa.Schema":
    """Return the columns of usage. Times are in microseconds; `end` is null while the segment is open."""
    import pyarrow as pa

    texts = [pa.field(name, pa.dictionary(pa.int32(), pa.string())) for name in (*KEY, "state", *_text_columns(fields))]
    numbers = [pa.field(name, pa.int64()) for name in ("start", "end", *_number_columns(fields))]
    return pa.schema(texts + numbers)


def build_usage_table(usages: Iterable[UsageSegment], fields: UsageFields) -> "pa.Table":
    """Return `usages` in columns, with the attributes that the prices of a plan read."""
    import pyarrow as pa

    rows = iter(usages)
    columns = build_usage_schema(fields)
    batches = []
    while batch := list(islice(rows, _BATCH_SIZE)):
        batches.append(pa.RecordBatch.from_pydict(_columns(batch, fields), schema=columns))
    return pa.Table.from_batches(batches, schema=columns)


def _text_columns(fields: UsageFields) -> list[str]:
    return [get_text_column_name(index) for index in range(len(fields.texts))]


def _number_columns(fields: UsageFields) -> list[str]:
    return [get_number_column_name(index) for index in range(len(fields.numbers))]


def _columns(usages: list[UsageSegment], fields: UsageFields) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {name: [getattr(usage, name) for usage in usages] for name in (*KEY, "state")}
    for index, attribute in enumerate(fields.texts):
        columns[get_text_column_name(index)] = [format_attribute(usage.attributes.get(attribute)) for usage in usages]
    for index, field in enumerate(fields.numbers):
        columns[get_number_column_name(index)] = [get_number(usage.attributes, field) for usage in usages]
    return columns | {"start": [usage.start for usage in usages], "end": [usage.end for usage in usages]}


class EncodedUsage:
    """Usage with integer codes instead of texts.

    `rows` has the columns `key` (ordered as its texts are), `facts` (an index of the list `facts`), `start`, `end` and
    the numbers.
    """

    def __init__(self, usage: "pa.Table", fields: UsageFields) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        text_columns, number_columns = _text_columns(fields), _number_columns(fields)
        texts = {name: _flatten(_unify_dictionaries(usage[name])) for name in (*KEY, "state", *text_columns)}
        numbers = {name: _flatten(usage[name]) for name in number_columns}
        self._dictionaries = {name: texts[name].dictionary.sort() for name in KEY}
        key = _combine([(_codes(texts[name], self._dictionaries[name]), len(self._dictionaries[name])) for name in KEY])
        distinguishing = [
            (pc.cast(texts[name].indices, pa.int64()), len(texts[name].dictionary))
            for name in ("resource_type", "cloud", "state", *text_columns)
        ]
        present = [(pc.cast(pc.is_valid(column), pa.int64()), 2) for column in numbers.values() if column.null_count]
        facts = pc.dictionary_encode(_combine(distinguishing + present)).indices
        times = {name: _flatten(usage[name]) for name in ("start", "end")}
        self.rows = pa.table({"key": key, "facts": facts, **times, **numbers})
        self.facts = _distinct_facts(facts, {**texts, **numbers}, fields)
        del key, distinguishing, present, facts
        pa.default_memory_pool().release_unused()  # the intermediate columns took twice the memory of the result

    def decode_texts(self, keys: Column) -> dict[str, Column]:
        """Return the texts of `keys`, in columns."""
        import pyarrow as pa
        import pyarrow.compute as pc

        columns = {}
        for name in reversed(KEY):
            size = pa.scalar(max(len(self._dictionaries[name]), 1), pa.int64())
            rest = pc.divide(keys, size)
            codes = pc.subtract(keys, pc.multiply(rest, size))
            columns[name] = pa.DictionaryArray.from_arrays(pc.cast(codes, pa.int32()), self._dictionaries[name])
            keys = rest
        return {name: columns[name] for name in KEY}


def _unify_dictionaries(column: Column) -> Column:
    """Return `column` with one dictionary for all chunks.

    Chunks that were read from one file share theirs already; comparing the buffers is far cheaper than unifying.
    """
    import pyarrow as pa

    first = column.chunk(0).dictionary if column.num_chunks else None
    if first is None or any(_buffers(chunk.dictionary) != _buffers(first) for chunk in column.chunks):
        return column.unify_dictionaries()
    indices = pa.chunked_array([chunk.indices for chunk in column.chunks]).combine_chunks()
    return pa.chunked_array([pa.DictionaryArray.from_arrays(indices, first)])


def _buffers(dictionary: Column) -> list[int]:
    addresses = (buffer.address if buffer else 0 for buffer in dictionary.buffers())
    return [len(dictionary), dictionary.offset, *addresses]


def _flatten(column: Column) -> Column:
    combined = column.combine_chunks()
    return combined.chunk(0) if hasattr(combined, "num_chunks") else combined


def _codes(column: Column, dictionary: Column) -> Column:
    """Return for each row the index of its text in `dictionary`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(pc.index_in(column.dictionary, dictionary), pa.int64()).take(column.indices)


def _combine(columns: Sequence[tuple[Column, int]]) -> Column:
    """Combine several columns of codes, each below its size, into one that sorts as they do.

    Where 64 bits are not sufficient, the combination so far is replaced by dense codes, which do not keep the order.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    combined, combined_size = columns[0]
    for codes, size in columns[1:]:
        if size <= 1:
            continue
        if combined_size * size >= _MAX_INT64:
            dense = pc.dictionary_encode(combined)
            combined, combined_size = pc.cast(dense.indices, pa.int64()), len(dense.dictionary)
        combined = pc.add(pc.multiply(combined, pa.scalar(size, pa.int64())), codes)
        combined_size *= size
    return combined


def _distinct_facts(codes: Column, columns: dict[str, Column], fields: UsageFields) -> list[PricingFacts]:
    """Return the facts of each code, from the first row that has it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ordinals = pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), len(codes)))
    rows = pa.table({"facts": codes, "row": pc.subtract(ordinals, 1)})
    first = rows.group_by("facts").aggregate([("row", "min")]).sort_by("facts")["row_min"]
    values = {name: column.take(first.combine_chunks()).to_pylist() for name, column in columns.items()}
    return [
        PricingFacts(
            values["resource_type"][row],
            values["cloud"][row],
            values["state"][row],
            tuple((name, values[get_text_column_name(index)][row]) for index, name in enumerate(fields.texts)),
            frozenset(
                field
                for index, field in enumerate(fields.numbers)
                if values[get_number_column_name(index)][row] is not None
            ),
        )
        for row in range(len(first))
    ]
