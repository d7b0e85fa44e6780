"""Usage capability of OpenStack: the inventory of all services, and samples from Gnocchi.

Ceilometer stores its samples in Gnocchi and has no API of its own. Those of our servers and volumes have our token.

Source: Gnocchi, "REST API Usage", and responses recorded from 4.7; ceilometer/publisher/data/gnocchi_resources.yaml
for resource types and metrics.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from stratiform.connectors.openstack import tags
from stratiform.connectors.openstack.server_documents import Server
from stratiform.connectors.openstack.usage.inventory import list_resources
from stratiform.connectors.openstack.volume import list_volumes
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, RequestRejected
from stratiform.contract.usage import InventoryItem, UsageSample, align_periods, parse_decimal, parse_poll_parameters
from stratiform.kit.clock import SECOND_US, Micros, format_iso, parse_iso
from stratiform.kit.json_errors import NOT_JSON

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

#: Resources and periods per request; together at most a few MiB.
_RESOURCES_PER_REQUEST = 100
_PERIODS_PER_REQUEST = 300

_ARCHIVE_POLICY_HINT = "the metric's archive policy must have this aggregation and this period_s"


class PollParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `poll.openstack` table.

    `period_s` is a granularity of the metric's archive policy, `aggregation` one of its methods (`mean`, `max`,
    `rate:mean`, …). `resource_id` is the attribute of Gnocchi's resource that contains the ledger's id: `instance_id`
    for a server's network interface.
    """

    resource_type: str
    metric: str
    period_s: Annotated[int, msgspec.Meta(ge=1)]
    source: Literal["gnocchi"] = "gnocchi"
    aggregation: str = "mean"
    resource_id: str = "original_resource_id"


class OpenstackUsageDriver:
    """Implements contract.usage.UsageDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def list_inventory(self) -> Iterator[InventoryItem]:
        return list_resources(self._client)

    def list_samples(self, poll: Mapping[str, object], since: Micros, until: Micros) -> Iterator[UsageSample]:
        return self._read_samples(parse_poll_parameters(poll, PollParameters), since, until)

    def _read_samples(self, poll: PollParameters, since: Micros, until: Micros) -> Iterator[UsageSample]:
        first, end = align_periods(since, until, poll.period_s)
        step = poll.period_s * SECOND_US * _PERIODS_PER_REQUEST
        tokens: Mapping[str, str] | None = None
        for page in self._list_resources(poll, first) if first < end else ():
            by_metric = {item["metrics"][poll.metric]: item for item in page if poll.metric in item["metrics"]}
            tokens = self._load_tokens() if tokens is None else tokens
            for start in range(first, end, step) if by_metric else ():
                for metric_id, at, number in self._list_measures(poll, [*by_metric], start, min(start + step, end)):
                    value = parse_decimal(number)
                    if value is not None:
                        yield _to_sample(poll, by_metric[metric_id], at, value, tokens)

    def _load_tokens(self) -> Mapping[str, str]:
        """Return the tokens of the servers and volumes of this installation by native id."""
        client = self._client
        servers = {"tags": tags.build_installation_tag(client.installation_id)}
        tokens = {
            server.id: tags.find_tag_token(server.tags, client.installation_id)
            for server in client.list_items("compute", "/servers/detail", "servers", Server, servers)
        }
        if client.has_service("block-storage"):
            for volume in list_volumes(client, {tags.INSTALLATION: client.installation_id}):
                tokens[volume.id] = tags.find_metadata_token(volume.metadata, client.installation_id)
        return tokens

    def _list_resources(self, poll: PollParameters, since: Micros) -> Iterator[list[dict[str, Any]]]:
        """Iterate over pages of the resources that had not ended before `since`, in a stable order."""
        not_ended = {"or": [{"=": {"ended_at": None}}, {">=": {"ended_at": format_iso(since)}}]}
        query: dict[str, object] = {"limit": _RESOURCES_PER_REQUEST, "sort": "id:asc"}
        while page := self._post(f"search/resource/{poll.resource_type}", query, not_ended):
            yield page
            query["marker"] = page[-1]["id"]

    def _list_measures(
        self, poll: PollParameters, metric_ids: list[str], start: Micros, stop: Micros
    ) -> Iterator[tuple[str, Micros, str]]:
        """Iterate over (metric id, start of the period, number as text)."""
        query = {"start": format_iso(start), "stop": format_iso(stop), "granularity": poll.period_s}
        operations = ["metric", *([metric_id, poll.aggregation] for metric_id in metric_ids)]
        response = self._post("aggregates", query, {"operations": operations})
        for metric_id, measures in response["measures"].items():
            for timestamp, _granularity, number in measures.get(poll.aggregation, ()):
                yield metric_id, parse_iso(timestamp), str(number)

    def _post(self, path: str, query: Mapping[str, object], body: object) -> Any:
        """Return the decoded response; numbers with a decimal point are text, so that they keep all their digits."""
        try:
            return _decoder.decode(self._client.request_gnocchi("POST", path, query, body))
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=_ARCHIVE_POLICY_HINT) from error
        except NOT_JSON as error:
            raise CloudUnreachable("invalid response from the metric service; it is not Gnocchi") from error


_decoder = msgspec.json.Decoder(float_hook=str)


def _to_sample(
    poll: PollParameters, resource: Mapping[str, Any], at: Micros, value: Decimal, tokens: Mapping[str, str]
) -> UsageSample:
    resource_id = resource.get(poll.resource_id)
    if not resource_id:
        raise RequestRejected(
            f"Gnocchi's {poll.resource_type} {resource['id']} has no {poll.resource_id}",
            hint="resource_id must be an attribute of the resource type",
        )
    # The name of a network interface is not the name of its server.
    is_same_resource = resource_id == resource["original_resource_id"]
    token = tokens.get(str(resource_id), "")
    return UsageSample(
        resource_id=token or str(resource_id),
        project_id="" if token else resource["project_id"] or "",
        at=at,
        value=value,
        source=resource["id"],
        duration_us=poll.period_s * SECOND_US,
        name=(resource.get("display_name") or resource.get("name") or "") if is_same_resource else "",
    )
