"""Usage capability of AWS: all EC2 instances and EBS volumes of the account, and CloudWatch metrics.

Resources of this installation have our token as id, and the ledger knows their projects. Others, and resources whose
tags EC2 no longer returns because they were deleted long ago, have AWS's id and belong to the account.

Source: EC2 API reference (DescribeInstances, DescribeVolumes); CloudWatch API reference (ListMetrics, GetMetricData).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec

from stratiform.connectors.aws import tags
from stratiform.contract.compute import NativeServer, NativeServerState
from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.usage import InventoryItem, UsageSample, align_periods, parse_decimal, parse_poll_parameters
from stratiform.kit.clock import SECOND_US, Micros, from_datetime, to_datetime

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import (
        DimensionFilterTypeDef,
        MetricDataQueryTypeDef,
        MetricDataResultTypeDef,
        MetricOutputTypeDef,
    )
    from mypy_boto3_ec2.type_defs import FilterTypeDef, InstanceTypeDef, TagTypeDef, VolumeTypeDef

    from stratiform.connectors.aws.client import Client
    from stratiform.connectors.aws.compute import AwsComputeDriver

_PAGE_SIZE = 100  # a filter accepts 200 values
_PERIODS_PER_REQUEST = 200  # a response has at most 100,800 values of 500 metrics

_STATES = {NativeServerState.RUNNING: "active", NativeServerState.STOPPED: "stopped", NativeServerState.ERROR: "error"}
_EXISTING_STATES = ["pending", "running", "stopping", "stopped", "shutting-down"]


class PollParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `poll.aws` table.

    The value of `dimension` is the id of the resource (`InstanceId`, `VolumeId`, `LoadBalancer`, …). `dimensions` are
    the values of the metric's other dimensions. `project_tag` is the tag of EC2 resources that contains the project,
    for resources that we did not create.
    """

    namespace: str
    metric: str
    dimension: str
    period_s: Annotated[int, msgspec.Meta(ge=60, multiple_of=60)]
    statistic: str = "Sum"
    dimensions: dict[str, str] = {}
    project_tag: str = ""


class _Owner(msgspec.Struct, frozen=True):
    """The id, project and name that the ledger uses for a resource."""

    resource_id: str
    project_id: str
    name: str = ""


class AwsUsageDriver:
    """Implements contract.usage.UsageDriver."""

    def __init__(self, client: "Client", compute: "AwsComputeDriver") -> None:
        self._client = client
        self._compute = compute

    def list_inventory(self) -> Iterator[InventoryItem]:
        with self._client.translating_errors():
            account_id = self._client.get_account_id()
            for instances in self._list_instances([{"Name": "instance-state-name", "Values": _EXISTING_STATES}]):
                servers = self._compute.to_servers(instances)
                for instance, server in zip(instances, servers, strict=True):
                    owner = self._find_owner(account_id, instance["InstanceId"], instance.get("Tags", []))
                    yield _to_server_item(instance, server, owner)
            pages = self._client.ec2.get_paginator("describe_volumes").paginate(
                PaginationConfig={"PageSize": _PAGE_SIZE}
            )
            for page in pages:
                for volume in page["Volumes"]:
                    volume_tags = volume.get("Tags", [])
                    if not self._is_root_volume(volume_tags):
                        owner = self._find_owner(account_id, volume["VolumeId"], volume_tags)
                        yield _to_volume_item(volume, owner)

    def list_samples(self, poll: Mapping[str, object], since: Micros, until: Micros) -> Iterator[UsageSample]:
        """CloudWatch lists the metrics that had values in the last two weeks."""
        return self._read_samples(parse_poll_parameters(poll, PollParameters), since, until)

    def _read_samples(self, poll: PollParameters, since: Micros, until: Micros) -> Iterator[UsageSample]:
        first, end = align_periods(since, until, poll.period_s)
        step = poll.period_s * SECOND_US * _PERIODS_PER_REQUEST
        with self._client.translating_errors():
            account_id = self._client.get_account_id()
            for metrics in self._list_metrics(poll) if first < end else ():
                owners = self._find_owners(account_id, poll, list(metrics))
                for start in range(first, end, step):
                    for native_id, result in self._get_results(poll, metrics, start, min(start + step, end)):
                        yield from _to_samples(native_id, owners[native_id], result, poll.period_s * SECOND_US)

    def _list_metrics(self, poll: PollParameters) -> "Iterator[dict[str, MetricOutputTypeDef]]":
        """Iterate over pages of metrics by native id."""
        filters: list[DimensionFilterTypeDef] = [{"Name": poll.dimension}]
        filters += [{"Name": name, "Value": value} for name, value in poll.dimensions.items()]
        pages = self._client.cloudwatch.get_paginator("list_metrics").paginate(
            Namespace=poll.namespace, MetricName=poll.metric, Dimensions=filters
        )
        for page in pages:
            metrics: dict[str, MetricOutputTypeDef] = {}
            for metric in page["Metrics"]:
                dimensions = {item["Name"]: item["Value"] for item in metric["Dimensions"]}
                native_id = dimensions.pop(poll.dimension)
                if dimensions == poll.dimensions:
                    metrics[native_id] = metric
            if metrics:
                yield metrics

    def _get_results(
        self, poll: PollParameters, metrics: "Mapping[str, MetricOutputTypeDef]", start: Micros, end: Micros
    ) -> "Iterator[tuple[str, MetricDataResultTypeDef]]":
        native_ids = list(metrics)
        queries: list[MetricDataQueryTypeDef] = [
            {
                "Id": f"m{number}",
                "MetricStat": {"Metric": metrics[native_id], "Period": poll.period_s, "Stat": poll.statistic},
            }
            for number, native_id in enumerate(native_ids)
        ]
        pages = self._client.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=to_datetime(start), EndTime=to_datetime(end)
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                if result["StatusCode"] not in ("Complete", "PartialData"):
                    raise CloudUnreachable(f"CloudWatch failed to read metric {poll.metric}: {result['StatusCode']}")
                yield native_ids[int(result["Id"][1:])], result

    def _find_owners(self, account_id: str, poll: PollParameters, native_ids: Sequence[str]) -> dict[str, _Owner]:
        """Return owners by native id; resources that EC2 does not list belong to the account."""
        owners = {native_id: _Owner(native_id, account_id) for native_id in native_ids}
        for start in range(0, len(native_ids), _PAGE_SIZE):
            for native_id, resource_tags in self._list_tags(poll.dimension, native_ids[start : start + _PAGE_SIZE]):
                owners[native_id] = self._find_owner(account_id, native_id, resource_tags, poll.project_tag)
        return owners

    def _list_tags(self, dimension: str, native_ids: Sequence[str]) -> "Iterator[tuple[str, Sequence[TagTypeDef]]]":
        if dimension == "InstanceId":
            for instances in self._list_instances([{"Name": "instance-id", "Values": native_ids}]):
                yield from ((instance["InstanceId"], instance.get("Tags", [])) for instance in instances)
        elif dimension == "VolumeId":
            filters: list[FilterTypeDef] = [{"Name": "volume-id", "Values": native_ids}]
            volumes = self._client.ec2.describe_volumes(Filters=filters)["Volumes"]
            yield from ((volume["VolumeId"], volume.get("Tags", [])) for volume in volumes)

    def _list_instances(self, filters: "Sequence[FilterTypeDef]") -> "Iterator[list[InstanceTypeDef]]":
        pages = self._client.ec2.get_paginator("describe_instances").paginate(
            Filters=filters, PaginationConfig={"PageSize": _PAGE_SIZE}
        )
        for page in pages:
            yield [instance for item in page["Reservations"] for instance in item.get("Instances", [])]

    def _find_owner(
        self, account_id: str, native_id: str, resource_tags: "Sequence[TagTypeDef]", project_tag: str = ""
    ) -> _Owner:
        values = tags.tags_to_dict(resource_tags)
        name = values.get("Name", "")
        if values.get(tags.INSTALLATION) == self._client.installation_id and values.get(tags.TOKEN):
            return _Owner(values[tags.TOKEN], "", name)
        return _Owner(native_id, values.get(project_tag) or account_id, name)

    def _is_root_volume(self, volume_tags: "Sequence[TagTypeDef]") -> bool:
        """Return True for root volumes of our servers, which are part of the server."""
        values = tags.tags_to_dict(volume_tags)
        return values.get(tags.INSTALLATION) == self._client.installation_id and tags.ROOT_OF in values


def _to_server_item(instance: "InstanceTypeDef", server: NativeServer, owner: _Owner) -> InventoryItem:
    """Convert an instance. For our servers the ledger has our flavor, so AWS's attributes are omitted."""
    attributes = {
        "flavor": server.size.native_type,
        "vcpus": server.size.vcpus,
        "ram_mib": server.size.ram_mib,
        "availability_zone": instance.get("Placement", {}).get("AvailabilityZone"),
        "image_id": server.image_id,
    }
    return InventoryItem(
        resource_type="instance",
        id=owner.resource_id,
        project_id=owner.project_id,
        name=owner.name,
        state=_STATES.get(server.state, ""),
        since=server.launched_at,
        attributes=attributes if owner.resource_id == server.id else {},
    )


def _to_volume_item(volume: "VolumeTypeDef", owner: _Owner) -> InventoryItem:
    native_attributes = {"volume_type": volume["VolumeType"], "availability_zone": volume["AvailabilityZone"]}
    is_ours = owner.resource_id != volume["VolumeId"]
    return InventoryItem(
        resource_type="volume",
        id=owner.resource_id,
        project_id=owner.project_id,
        name=owner.name,
        state=volume["State"] if volume["State"] in ("available", "in-use", "error") else "",
        since=from_datetime(volume["CreateTime"]),
        attributes={"size_gib": volume["Size"], **({} if is_ours else native_attributes)},
    )


def _to_samples(
    native_id: str, owner: _Owner, result: "MetricDataResultTypeDef", period: Micros
) -> Iterator[UsageSample]:
    name = owner.name if owner.resource_id == native_id else ""
    for timestamp, number in zip(result["Timestamps"], result["Values"], strict=True):
        # CloudWatch sends doubles; their shortest decimal representation is the original value.
        value = parse_decimal(repr(number))
        if value is not None:
            at = from_datetime(timestamp)
            yield UsageSample(owner.resource_id, owner.project_id, at, value, native_id, period, name)
