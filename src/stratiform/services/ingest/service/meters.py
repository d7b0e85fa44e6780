"""Meter files."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.ingest import policy
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ingest.parsing.meter_files import MeterFile


@dataclass(frozen=True, slots=True)
class Meters:
    """Lists meter files."""

    parser: MessageParser

    def list(self, ctx: RequestContext) -> Sequence[MeterFile]:
        """Return all meter files sorted by name."""
        policy.METERS_LIST.require(ctx.caller, None)
        return [*self.parser.meter_files.values()]

    def find(self, resource_type: str) -> MeterFile | None:
        """Return the meter file of a resource type."""
        return self.parser.find_meter_file(resource_type)
