"""What AWS says of its use: EC2's machines and disks, whoever made them, and what CloudWatch measured.

Source: EC2 API reference (DescribeInstances, DescribeVolumes); CloudWatch API reference (ListMetrics, GetMetricData).

What this installation made goes by our token, and the ledger knows whose it is. What is a stranger's, or gone for so
long that EC2 shows its tags no more, goes by AWS' own id, and is the account's.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from stratiform.contract.compute import NativeServer, NativeServerState
from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.usage import InventoryItem, UsageSample, align_periods, parse_decimal, parse_poll
from stratiform.kit.clock import SECOND_US, Micros, from_datetime, to_datetime

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import (
        DimensionFilterTypeDef,
        MetricDataQueryTypeDef,
        MetricDataResultTypeDef,
        MetricOutputTypeDef,
    )
    from mypy_boto3_ec2.type_defs import InstanceTypeDef, TagTypeDef, VolumeTypeDef

    from stratiform.connectors.aws.client import Client
    from stratiform.connectors.aws.compute import AwsCompute

_PAGE = 100  # one filter takes 200 values
_PERIODS = 200  # of 500 metrics, an answer has at most 100,800 values

_STATES = {NativeServerState.RUNNING: "active", NativeServerState.STOPPED: "stopped", NativeServerState.ERROR: "error"}
_ALIVE = ["pending", "running", "stopping", "stopped", "shutting-down"]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `poll.aws` table.

    `dimension` is the one whose value names the resource (`InstanceId`, `VolumeId`, `LoadBalancer` …); `dimensions`
    what the metric's others must be, for a metric with several. `project_tag` names a tag of EC2's things that holds
    the project of what we did not make.
    """

    namespace: str
    metric: str
    dimension: str
    period_s: Annotated[int, msgspec.Meta(ge=60, multiple_of=60)]
    statistic: str = "Sum"
    dimensions: dict[str, str] = {}
    project_tag: str = ""


class _Whose(msgspec.Struct, frozen=True):
    """Under which id and project the ledger has something of AWS'."""

    id: str
    project_id: str
    name: str = ""


class AwsUsage:
    """Fulfils contract.usage.Usage."""

    def __init__(self, client: "Client", compute: "AwsCompute") -> None:
        self._aws = client
        self._compute = compute

    def inventory(self) -> Iterator[InventoryItem]:
        with self._aws.asking():
            account = self._aws.account()
            for instances in self._instances([{"Name": "instance-state-name", "Values": _ALIVE}]):
                machines = self._compute.machines(instances)
                for instance, machine in zip(instances, machines, strict=True):
                    whose = self._whose(account, instance["InstanceId"], instance.get("Tags", []))
                    yield _machine(instance, machine, whose)
            pages = self._aws.ec2.get_paginator("describe_volumes").paginate(PaginationConfig={"PageSize": _PAGE})
            for page in pages:
                for volume in page["Volumes"]:
                    tags = volume.get("Tags", [])
                    if not self._is_part(tags):
                        yield _disk(volume, self._whose(account, volume["VolumeId"], tags))

    def readings(self, asked: Mapping[str, Any], since: Micros, until: Micros) -> Iterator[UsageSample]:
        """Of every metric that CloudWatch lists: what had values in the last two weeks."""
        return self._read(parse_poll(asked, Asked), since, until)

    def _read(self, asked: Asked, since: Micros, until: Micros) -> Iterator[UsageSample]:
        first, end = align_periods(since, until, asked.period_s)
        step = asked.period_s * SECOND_US * _PERIODS
        with self._aws.asking():
            account = self._aws.account()
            for metrics in self._metrics(asked) if first < end else ():
                whose = self._owners(account, asked, list(metrics))
                for start in range(first, end, step):
                    for native, result in self._results(asked, metrics, start, min(start + step, end)):
                        yield from _readings(native, whose[native], result, asked.period_s * SECOND_US)

    def _metrics(self, asked: Asked) -> "Iterator[dict[str, MetricOutputTypeDef]]":
        """Metrics by the value of the asked dimension, a page at a time."""
        filters: list[DimensionFilterTypeDef] = [{"Name": asked.dimension}]
        filters += [{"Name": name, "Value": value} for name, value in asked.dimensions.items()]
        pages = self._aws.cloudwatch.get_paginator("list_metrics").paginate(
            Namespace=asked.namespace, MetricName=asked.metric, Dimensions=filters
        )
        for page in pages:
            found: dict[str, MetricOutputTypeDef] = {}
            for metric in page["Metrics"]:
                dimensions = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
                native = dimensions.pop(asked.dimension)
                if dimensions == asked.dimensions:
                    found[native] = metric
            if found:
                yield found

    def _results(
        self, asked: Asked, metrics: "Mapping[str, MetricOutputTypeDef]", start: Micros, end: Micros
    ) -> "Iterator[tuple[str, MetricDataResultTypeDef]]":
        natives = list(metrics)
        queries: list[MetricDataQueryTypeDef] = [
            {
                "Id": f"m{number}",
                "MetricStat": {"Metric": metrics[native], "Period": asked.period_s, "Stat": asked.statistic},
            }
            for number, native in enumerate(natives)
        ]
        pages = self._aws.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=to_datetime(start), EndTime=to_datetime(end)
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                if result["StatusCode"] not in ("Complete", "PartialData"):
                    raise CloudUnreachable(f"CloudWatch could not read {asked.metric}: {result['StatusCode']}")
                yield natives[int(result["Id"][1:])], result

    def _owners(self, account: str, asked: Asked, natives: Sequence[str]) -> dict[str, _Whose]:
        """Whose each of AWS' ids is; one that EC2 doesn't show is the account's."""
        owners = {native: _Whose(native, account) for native in natives}
        for start in range(0, len(natives), _PAGE):
            for native, tags in self._tags(asked.dimension, natives[start : start + _PAGE]):
                owners[native] = self._whose(account, native, tags, asked.project_tag)
        return owners

    def _tags(self, dimension: str, natives: Sequence[str]) -> "Iterator[tuple[str, Sequence[TagTypeDef]]]":
        if dimension == "InstanceId":
            for instances in self._instances([{"Name": "instance-id", "Values": natives}]):
                yield from ((one["InstanceId"], one.get("Tags", [])) for one in instances)
        elif dimension == "VolumeId":
            found = self._aws.ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": natives}])
            yield from ((one["VolumeId"], one.get("Tags", [])) for one in found["Volumes"])

    def _instances(self, filters: Any) -> "Iterator[list[InstanceTypeDef]]":
        pages = self._aws.ec2.get_paginator("describe_instances").paginate(
            Filters=filters, PaginationConfig={"PageSize": _PAGE}
        )
        for page in pages:
            yield [one for many in page["Reservations"] for one in many.get("Instances", [])]

    def _whose(self, account: str, native: str, tags: "Sequence[TagTypeDef]", project_tag: str = "") -> _Whose:
        told = _values(tags)
        if told.get("stratiform:installation") == self._aws.installation and told.get("stratiform:token"):
            return _Whose(told["stratiform:token"], "", told.get("Name", ""))
        return _Whose(native, told.get(project_tag) or account, told.get("Name", ""))

    def _is_part(self, tags: "Sequence[TagTypeDef]") -> bool:
        """Whether this is the root disk of a machine of ours: part of that, and no disk of its own."""
        told = _values(tags)
        return told.get("stratiform:installation") == self._aws.installation and "stratiform:root-of" in told


def _values(tags: "Sequence[TagTypeDef]") -> dict[str, str]:
    return {tag.get("Key", ""): tag.get("Value", "") for tag in tags}


def _machine(instance: "InstanceTypeDef", machine: NativeServer, whose: _Whose) -> InventoryItem:
    """Of a machine of ours the ledger has the flavor that was sold, which AWS doesn't know."""
    about = {
        "flavor": machine.size.native,
        "vcpus": machine.size.vcpus,
        "ram_mib": machine.size.ram_mib,
        "availability_zone": instance.get("Placement", {}).get("AvailabilityZone"),
        "image_id": machine.image,
    }
    return InventoryItem(
        resource_type="instance",
        id=whose.id,
        project_id=whose.project_id,
        name=whose.name,
        state=_STATES.get(machine.state, ""),
        since=machine.launched_at,
        attributes=about if whose.id == machine.id else {},
    )


def _disk(volume: "VolumeTypeDef", whose: _Whose) -> InventoryItem:
    kind = {"volume_type": volume["VolumeType"], "availability_zone": volume["AvailabilityZone"]}
    ours = whose.id != volume["VolumeId"]
    return InventoryItem(
        resource_type="volume",
        id=whose.id,
        project_id=whose.project_id,
        name=whose.name,
        state=volume["State"] if volume["State"] in ("available", "in-use", "error") else "",
        since=from_datetime(volume["CreateTime"]),
        attributes={"size_gib": volume["Size"], **({} if ours else kind)},
    )


def _readings(native: str, whose: _Whose, result: "MetricDataResultTypeDef", period: Micros) -> Iterator[UsageSample]:
    for moment, number in zip(result["Timestamps"], result["Values"], strict=True):
        # CloudWatch sends binary numbers of eight bytes: their shortest decimal is what they were made of.
        value = parse_decimal(repr(number))
        if value is not None:
            name = whose.name if whose.id == native else ""
            yield UsageSample(whose.id, whose.project_id, from_datetime(moment), value, native, period, name)
