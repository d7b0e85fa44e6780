"""Hypervisors. Source: Compute API reference, "Hypervisors (os-hypervisors)"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.compute import policy


@dataclass(frozen=True, slots=True)
class Hypervisors:
    """Operations of `/os-hypervisors`."""

    def list(self, ctx: RequestContext) -> Sequence[str]:
        """Return an empty list: clouds do not reveal their hypervisors. Raises Forbidden."""
        policy.HYPERVISORS_LIST.require(ctx.caller, None)
        return []
