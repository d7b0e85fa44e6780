"""The message parser: applies all meter files, and the parsers in Python, to messages and events."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from stratiform.kit.clock import Micros
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing.audit_periods import add_audit_period
from stratiform.services.ingest.parsing.builtin_parsers import is_reserved
from stratiform.services.ingest.parsing.envelope import parse_envelope
from stratiform.services.ingest.parsing.meter_catalog_builder import build_catalog
from stratiform.services.ingest.parsing.meter_file_loader import load_meter_files
from stratiform.services.ingest.parsing.meter_files import IgnoredEvents, MeterFile, SampleDefinition
from stratiform.services.ingest.parsing.parse_plans import ParsePlan, compile_plan, matches_event_type
from stratiform.services.ingest.parsing.parse_steps import StructStep
from stratiform.services.ledger.model import ParsedMessage, Resource, ResourceStatement
from stratiform.services.ledger.model.name_timelines import PROJECT_TYPE, StatedName
from stratiform.services.ledger.model.statements import EXISTS_SUFFIX

#: A sender that makes up event types must not fill the memory.
_MAX_PLANS = 4096


class PollDefinition(NamedTuple):
    """A meter that is polled from one kind of cloud. `table` is the poll table of the meter file."""

    resource_type: str
    meter: str
    sample: SampleDefinition
    table: Mapping[str, object]


class MessageParser:
    """Parses messages and events to statements. Plans are compiled once per event type."""

    def __init__(self, meter_files: Sequence[MeterFile], ignored_events: Sequence[IgnoredEvents] = ()) -> None:
        self.meter_files = {
            meter_file.name: meter_file for meter_file in sorted(meter_files, key=lambda meter_file: meter_file.name)
        }
        self.ignored_events = tuple(ignored_events)
        self.catalog = build_catalog(self.meter_files.values())
        self._plans: dict[str, ParsePlan] = {}

    @classmethod
    def load(cls, folder: Path | None = None) -> "MessageParser":
        """Return a parser for the meter files of the package and of `folder`. Raises: Invalid, with file and key."""
        loaded = load_meter_files(folder)
        return cls(loaded.meter_files, loaded.ignored_events)

    def parse_event(self, event: Event) -> Sequence[ResourceStatement]:
        """Return the statements of `event` about metered resources. Raises: InvalidMessage."""
        statements, errors = self._parse(event)
        if errors:
            raise InvalidMessage(errors[0])
        return statements

    def parse_message(self, cloud: str, body: bytes) -> ParsedMessage:
        """Parse an oslo.messaging envelope. Raises: InvalidMessage, if no part of the message is valid."""
        message = parse_envelope(body)
        if is_reserved(message.event_type):
            raise InvalidMessage(f"event type {message.event_type} is reserved")
        plan = self._plan(message.event_type)
        if not plan:
            return ParsedMessage(cloud, body, message.event_type, message.message_id, message.at, ())
        statements: Sequence[ResourceStatement]
        errors: Sequence[str] = ()
        if len(plan) == 1 and isinstance(plan[0], StructStep):
            statements = [plan[0].parse_message(message, cloud)]
        else:
            statements, errors = self._parse(message.to_event(cloud))
        if errors and not statements:
            raise InvalidMessage(errors[0])
        if message.repeated_at is not None:
            statements = _mark_repetitions(statements, message.repeated_at)
        names = () if message.project is None else (_name_project(cloud, message.at, *message.project),)
        event_type, message_id = message.event_type, message.message_id
        return ParsedMessage(cloud, body, event_type, message_id, message.at, statements, errors, names)

    def find_meter_file(self, resource_type: str) -> MeterFile | None:
        """Return the meter file of a resource type."""
        return self.meter_files.get(resource_type)

    def find_sample(self, resource_type: str, meter: str) -> SampleDefinition | None:
        """Return the definition of a meter of a resource type."""
        meter_file = self.meter_files.get(resource_type)
        return None if meter_file is None else meter_file.samples.get(meter)

    def list_polls(self, cloud_kind: str) -> Iterator[PollDefinition]:
        """Iterate over the meters that are polled from clouds of this kind."""
        for meter_file in self.meter_files.values():
            for name, sample in meter_file.samples.items():
                if cloud_kind in sample.poll:
                    yield PollDefinition(meter_file.name, name, sample, sample.poll[cloud_kind])

    def is_metered(self, event_type: str) -> bool:
        """Return True if a meter file has a rule for the event type."""
        return bool(self._plan(event_type))

    def find_ignore_reason(self, event_type: str) -> str:
        """Return why events of this type change no usage; "" if no meter file has a reason."""
        reasons = [(pattern, entry.reason) for entry in self.ignored_events for pattern in entry.types]
        reasons += [
            (pattern, rule.reason)
            for meter_file in self.meter_files.values()
            for rule in meter_file.events
            if rule.rule == "ignore"
            for pattern in rule.types
        ]
        return next((reason for pattern, reason in reasons if matches_event_type(pattern, event_type)), "")

    def _parse(self, event: Event) -> tuple[Sequence[ResourceStatement], Sequence[str]]:
        """Return the statements of `event`, and the errors of its invalid items."""
        statements: list[ResourceStatement] = []
        errors: list[str] = []
        for step in self._plan(event.event_type):
            for parsed in step.parse(event):
                if isinstance(parsed, InvalidMessage):
                    errors.append(parsed.message)
                else:
                    statements.append(parsed)
        if event.event_type.endswith(EXISTS_SUFFIX):
            return add_audit_period(event, statements), errors
        return statements, errors

    def _plan(self, event_type: str) -> ParsePlan:
        plan = self._plans.get(event_type)
        if plan is None:
            plan = compile_plan(self.meter_files.values(), event_type)
            if len(self._plans) < _MAX_PLANS:
                self._plans[event_type] = plan
        return plan


def _name_project(cloud: str, at: Micros, project_id: str, name: str) -> StatedName:
    return StatedName(_find_project(cloud, project_id), at, name)


@lru_cache(maxsize=8192)
def _find_project(cloud: str, project_id: str) -> Resource:
    """Return a project; one object for all messages, as a batch has thousands about a few projects."""
    return Resource(cloud, PROJECT_TYPE, project_id)


def _mark_repetitions(statements: Sequence[ResourceStatement], repeated_at: Micros) -> list[ResourceStatement]:
    return [replace(each, statement=replace(each.statement, repeated_at=repeated_at)) for each in statements]
