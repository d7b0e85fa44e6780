"""What an OpenStack says of its use: an inventory of each service, and readings from Gnocchi.

Ceilometer's samples are in Gnocchi; Ceilometer itself has no API any more.

Source: Gnocchi, "REST API Usage", and answers recorded from 4.7; ceilometer/publisher/data/gnocchi_resources.yaml for
its resource types and metrics.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from stratiform.connectors.openstack.inventory import everything
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, RequestRejected
from stratiform.contract.usage import InventoryItem, UsageSample, align_periods, parse_decimal, parse_poll
from stratiform.kit.clock import SECOND_US, Micros, iso, parse_iso

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

#: Resources of one request, and periods of one request: together at most a few MiB.
_RESOURCES = 100
_PERIODS = 300

_HINT = "the metric's archive policy must have this aggregation and this period_s"


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `poll.openstack` table.

    `period_s` is a granularity of the metric's archive policy, `aggregation` one of its methods (`mean`, `max`,
    `rate:mean` …). `resource_id` names the attribute of Gnocchi's resource that holds the ledger's id: of a machine's
    network card it is `instance_id`.
    """

    resource_type: str
    metric: str
    period_s: Annotated[int, msgspec.Meta(ge=1)]
    source: Literal["gnocchi"] = "gnocchi"
    aggregation: str = "mean"
    resource_id: str = "original_resource_id"


class OpenstackUsage:
    """Fulfils contract.usage.Usage."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def inventory(self) -> Iterator[InventoryItem]:
        return everything(self._client)

    def readings(self, asked: Mapping[str, Any], since: Micros, until: Micros) -> Iterator[UsageSample]:
        return self._read(parse_poll(asked, Asked), since, until)

    def _read(self, asked: Asked, since: Micros, until: Micros) -> Iterator[UsageSample]:
        first, end = align_periods(since, until, asked.period_s)
        step = asked.period_s * SECOND_US * _PERIODS
        for page in self._resources(asked, first) if first < end else ():
            resources = {one["metrics"][asked.metric]: one for one in page if asked.metric in one["metrics"]}
            for start in range(first, end, step) if resources else ():
                for metric, at, number in self._values(asked, [*resources], start, min(start + step, end)):
                    value = parse_decimal(number)
                    if value is not None:
                        yield _reading(asked, resources[metric], at, value)

    def _resources(self, asked: Asked, since: Micros) -> Iterator[list[dict[str, Any]]]:
        """Pages of what had not ended before `since`, in an order that no change disturbs."""
        alive = {"or": [{"=": {"ended_at": None}}, {">=": {"ended_at": iso(since)}}]}
        query: dict[str, Any] = {"limit": _RESOURCES, "sort": "id:asc"}
        while page := self._ask(f"search/resource/{asked.resource_type}", query, alive):
            yield page
            query["marker"] = page[-1]["id"]

    def _values(
        self, asked: Asked, metrics: list[str], start: Micros, stop: Micros
    ) -> Iterator[tuple[str, Micros, str]]:
        """Metric, beginning of the period, and the number as Gnocchi wrote it."""
        query = {"start": iso(start), "stop": iso(stop), "granularity": asked.period_s}
        operations = ["metric", *([metric, asked.aggregation] for metric in metrics)]
        answer = self._ask("aggregates", query, {"operations": operations})
        for metric, found in answer["measures"].items():
            for at, _period, number in found.get(asked.aggregation, ()):
                yield metric, parse_iso(at), str(number)

    def _ask(self, path: str, query: Mapping[str, Any], body: Any) -> Any:
        """Numbers with a point come as texts, which keep every digit."""
        try:
            return _JSON.decode(self._client.measures("POST", path, query, body))
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=_HINT) from error
        except msgspec.DecodeError as error:
            raise CloudUnreachable(
                "what the catalog calls the metric service doesn't answer as Gnocchi does"
            ) from error


_JSON = msgspec.json.Decoder(float_hook=str)


def _reading(asked: Asked, resource: Mapping[str, Any], at: Micros, value: Any) -> UsageSample:
    whose = resource.get(asked.resource_id)
    if not whose:
        raise RequestRejected(
            f"Gnocchi's {asked.resource_type} {resource['id']} has no {asked.resource_id}",
            hint="resource_id names an attribute of the resource type",
        )
    return UsageSample(
        resource_id=str(whose),
        project_id=resource["project_id"] or "",
        at=at,
        value=value,
        source=resource["id"],
        lasts=asked.period_s * SECOND_US,
        name=_name(resource) if whose == resource["original_resource_id"] else "",
    )


def _name(resource: Mapping[str, Any]) -> str:
    """A machine's; a network card's own name is none of its machine."""
    return resource.get("display_name") or resource.get("name") or ""
