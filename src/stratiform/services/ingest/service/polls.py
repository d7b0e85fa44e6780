"""Polls: meters that are read from clouds, which send no messages about them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import structs

from stratiform.contract.registry import has_capability
from stratiform.contract.usage import UsageSample
from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.outbox import Event
from stratiform.kit.work_queue import enqueue
from stratiform.services.clouds.model import Cloud
from stratiform.services.ingest import policy, repository
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.model.polls import Poll, PollSchedule, split_poll_table
from stratiform.services.ingest.parsing import MessageParser, poll_samples
from stratiform.services.ingest.parsing.compiled_rules import build_meter_format
from stratiform.services.ingest.parsing.payload_values import shorten_id
from stratiform.services.ingest.service.batch_storage import store_batch
from stratiform.services.ingest.service.parsed_batches import parse_events
from stratiform.services.ledger.model import MeterFormat, Resource
from stratiform.services.ledger.service import LedgerService, StoredSample

#: The kind of work that reads one poll.
WORK = "ingest.poll"

_USAGE = "usage"


@dataclass(frozen=True, slots=True)
class PollQuery:
    """The query of a meter for one kind of cloud. `table` is the part of the meter file for the connector."""

    resource_type: str
    meter: str
    format: MeterFormat
    schedule: PollSchedule
    table: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Polls:
    """Lists polls, and ingests what they read."""

    parser: MessageParser
    ledger: LedgerService

    def list(self, ctx: RequestContext) -> Sequence[Poll]:
        """Return the polled meters of all clouds."""
        policy.POLLS_LIST.require(ctx.caller, None)
        return repository.polls.list_all(ctx.db)

    def rewind(self, ctx: RequestContext, poll_id: str, since: Micros) -> Poll:
        """Read everything from `since` on again; samples that are stored already change nothing.

        Raises: NotFound; Invalid (a time in the future).
        """
        policy.POLLS_REWIND.require(ctx.caller, None)
        poll = repository.polls.find(ctx.db, poll_id)
        if poll is None:
            raise NotFound(f"Poll {poll_id} could not be found.")
        if since > ctx.now:
            raise Invalid("`since` is in the future.", hint="use a time in the past")
        rewound = replace(poll, since_at=min(since, poll.since_at), until_at=min(since, poll.until_at))
        repository.polls.update(ctx.db, poll_id, since_at=rewound.since_at, until_at=rewound.until_at)
        enqueue(ctx.db, WORK, poll_id, ctx.now)
        return rewound

    def find(self, db: Connection, poll_id: str) -> Poll | None:
        """Return the poll with this id."""
        return repository.polls.find(db, poll_id)

    def find_query(self, cloud_kind: str, poll: Poll) -> PollQuery | None:
        """Return how `poll` is read from a kind of cloud; None if no meter file defines it. Raises: Invalid."""
        for definition in self.parser.list_polls(cloud_kind):
            if (definition.resource_type, definition.meter) == (poll.resource_type, poll.meter):
                schedule, table = split_poll_table(definition.table)
                format_ = build_meter_format(definition.sample)
                if schedule.kind:
                    format_ = structs.replace(format_, kind=schedule.kind)
                return PollQuery(poll.resource_type, poll.meter, format_, schedule, table)
        return None

    def sync_with_clouds(self, db: Connection, clouds: Sequence[Cloud], now: Micros) -> None:
        """Create polls for new clouds and meters, which begin at `now`, and delete those that are not defined now."""
        defined = {poll.id: poll for cloud in clouds for poll in self._defined_polls(cloud, now)}
        existing = {poll.id for poll in repository.polls.list_all(db)}
        repository.polls.delete(db, existing - defined.keys())
        for poll_id in sorted(defined.keys() - existing):
            repository.polls.add(db, defined[poll_id])
            enqueue(db, WORK, poll_id, now)

    def record_success(self, db: Connection, poll: Poll, until: Micros, now: Micros) -> Poll:
        """Store that everything before `until` was read."""
        until = max(until, poll.until_at)
        repository.polls.record_success(db, poll, until, now)
        return replace(poll, until_at=until, polled_at=now, fault="", failures=0)

    def record_failure(self, db: Connection, poll: Poll, fault: str) -> Poll:
        """Store that reading failed; the delay before the next attempt grows with the number of failures."""
        repository.polls.update(db, poll.id, fault=fault, failures=poll.failures + 1)
        return replace(poll, fault=fault, failures=poll.failures + 1)

    def ingest_samples(
        self, db: Connection, poll: Poll, query: PollQuery, samples: Sequence[UsageSample], now: Micros
    ) -> IngestResult:
        """Append the samples to the ledger that are new or have another value than before."""
        events = list(self._list_new_events(db, poll, query, samples))
        if not events:
            return IngestResult(duplicates=len(samples))
        return store_batch(db, self.ledger, parse_events(self.parser, events), now)

    def _defined_polls(self, cloud: Cloud, now: Micros) -> Iterator[Poll]:
        if has_capability(cloud.kind, _USAGE):
            for definition in self.parser.list_polls(cloud.kind):
                resource_type, meter = definition.resource_type, definition.meter
                poll_id = _poll_id(cloud, resource_type, meter)
                yield Poll(poll_id, cloud.id, cloud.name, resource_type, meter, now, now, 0)

    def _list_new_events(
        self, db: Connection, poll: Poll, query: PollQuery, samples: Sequence[UsageSample]
    ) -> Iterator[Event]:
        versions, stored = self._find_versions(db, poll, {_sample_id(query, sample) for sample in samples})
        used = self._find_used(db, poll.cloud, query.resource_type, samples)
        for sample in samples:
            sample_id = _sample_id(query, sample)
            previous = stored.get(sample_id)
            if previous is None or previous.value != str(sample.value):
                resource_id = shorten_id(sample.resource_id) if previous is None else previous.resource_id
                resource = Resource(poll.cloud, query.resource_type, resource_id)
                message_id = poll_samples.build_message_id(sample_id, versions[sample_id])
                yield _event(resource, query, sample, message_id, {} if resource in used else _owner(sample))

    def _find_versions(
        self, db: Connection, poll: Poll, sample_ids: set[str]
    ) -> tuple[dict[str, int], dict[str, StoredSample]]:
        """Return how many versions of each sample are stored, and the last of them."""
        versions = dict.fromkeys(sample_ids, 0)
        last: dict[str, StoredSample] = {}
        unresolved = sample_ids
        while unresolved:
            ids = {poll_samples.build_message_id(sample_id, versions[sample_id]): sample_id for sample_id in unresolved}
            stored = self.ledger.samples.find_by_message(db, poll.cloud, poll.meter, ids)
            unresolved = {ids[message_id] for message_id in stored}
            last |= {ids[message_id]: sample for message_id, sample in stored.items()}
            versions |= {sample_id: versions[sample_id] + 1 for sample_id in unresolved}
        return versions, last

    def _find_used(
        self, db: Connection, cloud: str, resource_type: str, samples: Sequence[UsageSample]
    ) -> set[Resource]:
        """Return the resources with current segments, whose project in the ledger outranks the one of the sample."""
        resources = {Resource(cloud, resource_type, shorten_id(sample.resource_id)) for sample in samples}
        ids = self.ledger.resources.find_ids(db, resources)
        current = self.ledger.segments.list_current(db, sorted(ids.values()))
        return {resource for resource, resource_id in ids.items() if current.get(resource_id)}


def _poll_id(cloud: Cloud, resource_type: str, meter: str) -> str:
    return hashlib.sha256(f"{cloud.id}\0{resource_type}\0{meter}".encode()).hexdigest()[:32]


def _sample_id(query: PollQuery, sample: UsageSample) -> str:
    return poll_samples.build_sample_id(query.resource_type, query.meter, sample.source, sample.at)


def _owner(sample: UsageSample) -> dict[str, str]:
    fields = (("project_id", sample.project_id), ("name", sample.name))
    return {name: value for name, value in fields if value}


def _event(
    resource: Resource, query: PollQuery, sample: UsageSample, message_id: str, owner: Mapping[str, str]
) -> Event:
    """Return the event of a sample: a gauge is of the start of its period, other kinds are of the end."""
    at = sample.at if query.format.kind == "gauge" else sample.at + sample.duration_us
    return poll_samples.build_sample_event(
        message_id, at, resource, query.meter, sample.value, query.format, source=sample.source, owner=owner
    )
