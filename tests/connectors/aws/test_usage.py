"""What CloudWatch and EC2 say of use: whose it is, and every value."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from stratiform.connectors.aws import usage
from stratiform.connectors.aws.connector import AwsCloud
from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.usage import UsageSample
from stratiform.kit.clock import HOUR_US, MINUTE_US, SystemClock, to_datetime
from stratiform.kit.errors import Invalid
from support.moto import IMAGE, REGION, connect_aws

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

UNTIL = SystemClock().now() // HOUR_US * HOUR_US
SINCE = UNTIL - HOUR_US


@pytest.fixture
def cloudwatch(moto_url: str) -> "Iterator[CloudWatchClient]":
    session = boto3.session.Session("AKIAEXAMPLE", "not-a-secret", region_name=REGION)
    with closing(session.client("cloudwatch", endpoint_url=moto_url)) as client:
        yield client


@pytest.fixture
def metric() -> str:
    """A metric of its own for each test: the server has one account."""
    return f"Metric{uuid4().hex}"


def put(
    cloudwatch: "CloudWatchClient", metric: str, dimensions: dict[str, str], values: Sequence[float], minutes: int = 5
) -> None:
    """A value every few minutes from SINCE on."""
    for number, value in enumerate(values):
        cloudwatch.put_metric_data(
            Namespace="Test",
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": name, "Value": native} for name, native in dimensions.items()],
                    "Timestamp": to_datetime(SINCE + number * minutes * MINUTE_US),
                    "Value": value,
                }
            ],
        )


def read(aws: AwsCloud, metric: str, **other: Any) -> list[UsageSample]:
    assert aws.usage is not None
    asked = {"namespace": "Test", "metric": metric, "dimension": "Name", "period_s": 300, **other}
    return sorted(aws.usage.readings(asked, SINCE, UNTIL), key=lambda one: (one.source, one.at))


def test_values_are_summed_a_period_and_exact(aws: AwsCloud, cloudwatch: "CloudWatchClient", metric: str) -> None:
    put(cloudwatch, metric, {"Name": "one"}, [0.1, 1_000_003, 9007199254740991, 2.5], minutes=4)
    assert [((one.at - SINCE) // MINUTE_US, one.value) for one in read(aws, metric)] == [
        (0, Decimal("1000003.1")),
        (5, Decimal("9007199254740991")),
        (10, Decimal("2.5")),
    ]
    assert read(aws, metric, statistic="Maximum")[0].value == 1_000_003


def test_many_metrics_and_long_times_are_read_in_pieces(
    aws: AwsCloud, cloudwatch: "CloudWatchClient", metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        put(cloudwatch, metric, {"Name": f"n{number}"}, [1, 2, 3, 4, 5, 6])
    monkeypatch.setattr(usage, "_PERIODS", 4)
    monkeypatch.setattr(usage, "_PAGE", 2)
    readings = read(aws, metric)
    assert len({(one.source, one.at) for one in readings}) == len(readings) == 30
    assert sum(one.value for one in readings) == 5 * 21


def test_only_metrics_with_just_these_dimensions_count(
    aws: AwsCloud, cloudwatch: "CloudWatchClient", metric: str
) -> None:
    put(cloudwatch, metric, {"Name": "bucket", "StorageType": "Standard"}, [7])
    put(cloudwatch, metric, {"Name": "bucket", "StorageType": "Glacier"}, [9])
    assert read(aws, metric) == []
    assert [one.value for one in read(aws, metric, dimensions={"StorageType": "Glacier"})] == [9]


def test_a_stranger_is_the_accounts_or_the_projects_that_its_tag_says(
    aws: AwsCloud, cloudwatch: "CloudWatchClient", metric: str
) -> None:
    made = aws._client.ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    stranger = made["Instances"][0]["InstanceId"]
    put(cloudwatch, metric, {"InstanceId": stranger}, [1])
    (before,) = read(aws, metric, dimension="InstanceId", project_tag="project")
    assert (before.resource_id, before.project_id, before.source) == (stranger, "123456789012", stranger)
    tags = [{"Key": "project", "Value": "p-1"}, {"Key": "Name", "Value": "legacy"}]
    aws._client.ec2.create_tags(Resources=[stranger], Tags=tags)  # type: ignore[arg-type]
    (after,) = read(aws, metric, dimension="InstanceId", project_tag="project")
    assert (after.project_id, after.name) == ("p-1", "legacy")


def test_what_ec2_shows_no_more_goes_by_its_own_id(aws: AwsCloud, cloudwatch: "CloudWatchClient", metric: str) -> None:
    put(cloudwatch, metric, {"InstanceId": "i-00000000000000000"}, [1])
    (reading,) = read(aws, metric, dimension="InstanceId")
    assert (reading.resource_id, reading.project_id) == ("i-00000000000000000", "123456789012")


def test_a_value_that_cloudwatch_could_not_read_is_no_zero(
    aws: AwsCloud, cloudwatch: "CloudWatchClient", metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cloudwatch, metric, {"Name": "one"}, [1])
    broken = {"MetricDataResults": [{"Id": "m0", "StatusCode": "InternalError", "Timestamps": [], "Values": []}]}
    real = aws._client.cloudwatch.get_paginator

    class Broken:
        def paginate(self, **_: Any) -> list[Any]:
            return [broken]

    monkeypatch.setattr(
        aws._client.cloudwatch, "get_paginator", lambda name: Broken() if name == "get_metric_data" else real(name)
    )
    with pytest.raises(CloudUnreachable, match="InternalError"):
        read(aws, metric)


def test_a_strangers_machine_and_disks_are_in_the_inventory(moto_url: str, home: Path) -> None:
    aws = connect_aws(moto_url, home)
    made = aws._client.ec2.run_instances(ImageId=IMAGE, InstanceType="t3.small", MinCount=1, MaxCount=1)["Instances"][0]
    assert aws.usage is not None
    items = {one.id: one for one in aws.usage.inventory()}
    machine = items[made["InstanceId"]]
    assert (machine.project_id, machine.state) == ("123456789012", "active")
    assert machine.attributes == {
        "flavor": "t3.small",
        "vcpus": 2,
        "ram_mib": 2048,
        "availability_zone": made["Placement"]["AvailabilityZone"],
        "image_id": IMAGE,
    }
    found = aws._client.ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"][0]
    root = items[found["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]]
    assert (root.resource_type, root.state) == ("volume", "in-use")
    assert root.attributes["size_gib"] > 0


def test_a_period_is_whole_minutes(aws: AwsCloud) -> None:
    with pytest.raises(Invalid, match="period_s"):
        read(aws, "any", period_s=90)
