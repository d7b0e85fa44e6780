"""Asking clouds what was used: which meters of which, how far each was read, and what they said."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec import structs

from stratiform.contract.registry import has_capability
from stratiform.contract.usage import UsageSample
from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.outbox import Event
from stratiform.kit.work import enqueue
from stratiform.services.clouds.model import Cloud
from stratiform.services.metering import repository
from stratiform.services.metering.events import readings
from stratiform.services.metering.events.statements import meter_of
from stratiform.services.metering.events.values import fitting
from stratiform.services.metering.model import Ingested, Meter, Resource
from stratiform.services.metering.model.polls import Poll, Schedule, split
from stratiform.services.metering.policy import policy
from stratiform.services.metering.service.taking import Taking

WORK = "metering.poll"

_USAGE = "usage"


@dataclass(frozen=True, slots=True)
class Question:
    """What a cloud is asked for a meter: `table` is the connector's own part of it."""

    resource_type: str
    meter: str
    how: Meter
    schedule: Schedule
    table: Mapping[str, Any]


class Polling(Taking):
    """Verbs on what is read from clouds that tell nothing by themselves."""

    __slots__ = ()

    def list_polls(self, ctx: RequestContext) -> list[Poll]:
        """Every meter of every cloud that is asked, for the operator."""
        policy.require(ctx.caller, "usage:polls:list", None)
        return repository.polls.listed(ctx.db)

    def rewind(self, ctx: RequestContext, poll_id: str, since: Micros) -> Poll:
        """Read everything since `since` once more, and soon: what is known already changes nothing. Raises NotFound,
        Invalid (that is in the future)."""
        policy.require(ctx.caller, "usage:polls:rewind", None)
        poll = repository.polls.polls.get(ctx.db, poll_id)
        if poll is None:
            raise NotFound(f"nothing is read under the id '{poll_id}'")
        if since > ctx.now:
            raise Invalid("what is yet to come can't be read", hint="name a time that is past")
        changed = {"since_at": min(since, poll.since_at), "until_at": min(since, poll.until_at)}
        repository.polls.change(ctx.db, poll_id, **changed)
        enqueue(ctx.db, WORK, poll_id, ctx.now)
        found = repository.polls.polls.get(ctx.db, poll_id)
        assert found is not None, "it was there in this transaction"
        return found

    def survey_polls(self, db: Connection, clouds: Sequence[Cloud], now: Micros) -> None:
        """Begin to ask new clouds and for new meters, from `now` on; forget what isn't asked any more."""
        wanted: dict[str, Poll] = {}
        for cloud in clouds:
            for resource_type, meter, *_ in (
                self.reader.polled(cloud.kind) if has_capability(cloud.kind, _USAGE) else ()
            ):
                poll = Poll(_id(cloud, resource_type, meter), cloud.id, cloud.name, resource_type, meter, now, now, 0)
                wanted[poll.id] = poll
        there = {poll.id for poll in repository.polls.listed(db)}
        repository.polls.forget(db, there - wanted.keys())
        for poll_id in sorted(wanted.keys() - there):
            repository.polls.begin(db, wanted[poll_id])
            enqueue(db, WORK, poll_id, now)

    def poll(self, db: Connection, poll_id: str) -> Poll | None:
        """None where it isn't asked any more."""
        return repository.polls.polls.get(db, poll_id)

    def read_up_to(self, db: Connection, poll: Poll, until: Micros, now: Micros) -> Poll:
        """All is taken that the cloud says of the time before `until`."""
        until = max(until, poll.until_at)
        repository.polls.read_up_to(db, poll, until, now)
        return replace(poll, until_at=until, asked_at=now, fault="", failures=0)

    def poll_failed(self, db: Connection, poll: Poll, fault: str) -> Poll:
        """The same time is asked for again, later the more often it failed."""
        repository.polls.change(db, poll.id, fault=fault, failures=poll.failures + 1)
        return replace(poll, fault=fault, failures=poll.failures + 1)

    def question(self, kind: str, poll: Poll) -> Question | None:
        """What a cloud of this kind is asked; None where no meter file asks for it any more. Raises Invalid."""
        for resource_type, meter, sample, table in self.reader.polled(kind):
            if (resource_type, meter) == (poll.resource_type, poll.meter):
                schedule, asked = split(table)
                how = structs.replace(meter_of(sample), kind=schedule.kind) if schedule.kind else meter_of(sample)
                return Question(resource_type, meter, how, schedule, asked)
        return None

    def take_readings(
        self, db: Connection, poll: Poll, question: Question, read: Sequence[UsageSample], now: Micros
    ) -> Ingested:
        """Put what the ledger doesn't know yet into it."""
        events = list(self._new(db, poll, question, read))
        return self.ingest(db, events, now) if events else Ingested(repeated=len(read))

    def _new(self, db: Connection, poll: Poll, question: Question, read: Sequence[UsageSample]) -> Iterator[Event]:
        """An event for each reading that is new, or says something else than before."""
        times = dict.fromkeys((_reading_id(question, one) for one in read), 0)
        before: dict[str, repository.polls.Known] = {}
        asked = set(times)
        while asked:
            ids = {readings.changed(one, times[one]): one for one in asked}
            found = repository.polls.known(db, poll.cloud, poll.meter, ids)
            asked = {ids[message_id] for message_id in found}
            before |= {ids[message_id]: known for message_id, known in found.items()}
            times |= {one: times[one] + 1 for one in asked}
        used = self._with_use(db, poll.cloud, question.resource_type, read)
        for one in read:
            reading_id = _reading_id(question, one)
            known = before.get(reading_id)
            if known is None or known.value != str(one.value):
                resource_id = fitting(one.resource_id) if known is None else known.resource_id
                resource = Resource(poll.cloud, question.resource_type, resource_id)
                message_id = readings.changed(reading_id, times[reading_id])
                yield _event(resource, question, one, message_id, _owner(one) if resource not in used else {})

    def _with_use(self, db: Connection, cloud: str, resource_type: str, read: Sequence[UsageSample]) -> set[Resource]:
        """The resources whose owner the ledger knows by itself, and better than who only measures."""
        resources = {Resource(cloud, resource_type, fitting(one.resource_id)) for one in read}
        numbers = repository.resources.numbers(db, resources)
        current = repository.segments.current(db, sorted(numbers.values()))
        return {resource for resource, number in numbers.items() if current.get(number)}


def _id(cloud: Cloud, resource_type: str, meter: str) -> str:
    return hashlib.sha256(f"{cloud.id}\0{resource_type}\0{meter}".encode()).hexdigest()[:32]


def _reading_id(question: Question, one: UsageSample) -> str:
    return readings.id_of(question.resource_type, question.meter, one.source, one.at)


def _owner(one: UsageSample) -> dict[str, str]:
    return {name: told for name, told in (("project_id", one.project_id), ("name", one.name)) if told}


def _event(
    resource: Resource, question: Question, one: UsageSample, message_id: str, owner: Mapping[str, str]
) -> Event:
    """A counter tells at the end of a period what was used in it, a gauge from its beginning on how much there is."""
    at = one.at if question.how.kind == "gauge" else one.at + one.duration_us
    how, meter = question.how, question.meter
    return readings.event_of(message_id, at, resource, meter, one.value, how, source=one.source, owner=owner)
