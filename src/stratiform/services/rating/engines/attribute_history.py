"""The attributes of resources over time, for prices of samples that have conditions on them."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from stratiform.kit.clock import Micros
from stratiform.services.rating.model import PricePlan, PricingFacts, SampledUsage, UsageFields, UsageSegment

U = TypeVar("U", bound=UsageSegment)


class _Entry(NamedTuple):
    start: Micros
    end: Micros | None
    facts: PricingFacts


@dataclass(slots=True)
class AttributeHistory:
    """Records the facts of segments, of those resource types only whose samples need them."""

    plan: PricePlan
    _fields: UsageFields = field(init=False)
    _needed: dict[str, bool] = field(default_factory=dict, init=False)
    _entries: dict[tuple[str, str, str], list[_Entry]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._fields = UsageFields(self.plan.usage_fields.texts, ())

    def record_while_iterating(self, usages: Iterable[U]) -> Iterator[U]:
        """Pass `usages` on, and record them."""
        for usage in usages:
            if self._needs(usage.resource_type):
                facts = replace(self._fields.extract_facts(usage), state="")
                entries = self._entries.setdefault((usage.resource_type, usage.resource_id, usage.cloud), [])
                insort(entries, _Entry(usage.start, usage.end, facts), key=_start)
            yield usage

    def split_by_attributes(self, sample: SampledUsage) -> Iterator[tuple[PricingFacts, SampledUsage]]:
        """Return the facts of the sample's resource; a level is cut where they change.

        Where one segment ends and another starts at the instant of a sample, the later one counts.
        """
        entries = self._entries.get((sample.resource_type, sample.resource_id, sample.cloud), [])
        first = bisect_right(entries, sample.start, key=_start) - 1
        if sample.start == sample.end:
            yield _facts_at(entries[first] if first >= 0 else None, sample), sample
            return
        end_of_previous = sample.start
        for entry in entries[max(first, 0) :]:
            start = max(entry.start, end_of_previous)
            end = sample.end if entry.end is None else min(entry.end, sample.end)
            if start < end:
                if end_of_previous < start:
                    yield _unknown(sample), sample.clip(end_of_previous, start)
                yield entry.facts, sample.clip(start, end)
                end_of_previous = end
        if end_of_previous < sample.end:
            yield _unknown(sample), sample.clip(end_of_previous, sample.end)

    def _needs(self, resource_type: str) -> bool:
        if resource_type not in self._needed:
            self._needed[resource_type] = self.plan.needs_attributes_for_samples(resource_type)
        return self._needed[resource_type]


def _start(entry: _Entry) -> Micros:
    return entry.start


def _facts_at(entry: _Entry | None, sample: SampledUsage) -> PricingFacts:
    if entry is None or (entry.end is not None and entry.end < sample.end):
        return _unknown(sample)
    return entry.facts


def _unknown(sample: SampledUsage) -> PricingFacts:
    return PricingFacts(sample.resource_type, sample.cloud, "", (), frozenset())
