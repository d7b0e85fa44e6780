"""Usage capability of AWS: exact samples of CloudWatch metrics, and the owners of resources."""

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

#: The account number of moto's account.
ACCOUNT_ID = "123456789012"
UNTIL = SystemClock().now() // HOUR_US * HOUR_US
SINCE = UNTIL - HOUR_US


@pytest.fixture
def cloudwatch(moto_url: str) -> "Iterator[CloudWatchClient]":
    session = boto3.session.Session("AKIAEXAMPLE", "not-a-secret", region_name=REGION)
    with closing(session.client("cloudwatch", endpoint_url=moto_url)) as client:
        yield client


@pytest.fixture
def metric() -> str:
    """A metric name of its own for each test, because all tests share moto's account."""
    return f"Metric{uuid4().hex}"


def put_values(
    cloudwatch: "CloudWatchClient",
    metric: str,
    dimensions: dict[str, str],
    values: Sequence[float],
    interval_minutes: int = 5,
) -> None:
    """Store values at SINCE and every `interval_minutes` after it."""
    for number, value in enumerate(values):
        cloudwatch.put_metric_data(
            Namespace="Test",
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": name, "Value": text} for name, text in dimensions.items()],
                    "Timestamp": to_datetime(SINCE + number * interval_minutes * MINUTE_US),
                    "Value": value,
                }
            ],
        )


def list_samples(aws: AwsCloud, metric: str, **overrides: Any) -> list[UsageSample]:
    assert aws.usage is not None
    poll = {"namespace": "Test", "metric": metric, "dimension": "Name", "period_s": 300, **overrides}
    return sorted(aws.usage.list_samples(poll, SINCE, UNTIL), key=lambda sample: (sample.source, sample.at))


def test_samples_are_exact_sums_per_period(aws: AwsCloud, cloudwatch: "CloudWatchClient", metric: str) -> None:
    put_values(cloudwatch, metric, {"Name": "one"}, [0.1, 1_000_003, 9007199254740991, 2.5], interval_minutes=4)
    samples = list_samples(aws, metric)
    assert [((sample.at - SINCE) // MINUTE_US, sample.value) for sample in samples] == [
        (0, Decimal("1000003.1")),
        (5, Decimal("9007199254740991")),
        (10, Decimal("2.5")),
    ]
    assert list_samples(aws, metric, statistic="Maximum")[0].value == 1_000_003


def test_many_metrics_and_periods_are_split_into_several_requests(
    aws: AwsCloud, cloudwatch: "CloudWatchClient", metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        put_values(cloudwatch, metric, {"Name": f"n{number}"}, [1, 2, 3, 4, 5, 6])
    monkeypatch.setattr(usage, "_PERIODS_PER_REQUEST", 4)
    monkeypatch.setattr(usage, "_PAGE_SIZE", 2)
    samples = list_samples(aws, metric)
    assert len({(sample.source, sample.at) for sample in samples}) == len(samples) == 30
    assert sum(sample.value for sample in samples) == 5 * 21


def test_metrics_with_other_dimensions_are_ignored(aws: AwsCloud, cloudwatch: "CloudWatchClient", metric: str) -> None:
    put_values(cloudwatch, metric, {"Name": "bucket", "StorageType": "Standard"}, [7])
    put_values(cloudwatch, metric, {"Name": "bucket", "StorageType": "Glacier"}, [9])
    assert list_samples(aws, metric) == []
    samples = list_samples(aws, metric, dimensions={"StorageType": "Glacier"})
    assert [sample.value for sample in samples] == [9]


def test_project_of_a_foreign_instance_is_the_account_or_its_project_tag(
    aws: AwsCloud, cloudwatch: "CloudWatchClient", metric: str
) -> None:
    response = aws._client.ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    instance_id = response["Instances"][0]["InstanceId"]
    put_values(cloudwatch, metric, {"InstanceId": instance_id}, [1])
    (before,) = list_samples(aws, metric, dimension="InstanceId", project_tag="project")
    assert (before.resource_id, before.project_id, before.source) == (instance_id, ACCOUNT_ID, instance_id)
    aws._client.ec2.create_tags(
        Resources=[instance_id], Tags=[{"Key": "project", "Value": "p-1"}, {"Key": "Name", "Value": "legacy"}]
    )
    (after,) = list_samples(aws, metric, dimension="InstanceId", project_tag="project")
    assert (after.project_id, after.name) == ("p-1", "legacy")


def test_resource_that_ec2_does_not_list_has_its_native_id(
    aws: AwsCloud, cloudwatch: "CloudWatchClient", metric: str
) -> None:
    put_values(cloudwatch, metric, {"InstanceId": "i-00000000000000000"}, [1])
    (sample,) = list_samples(aws, metric, dimension="InstanceId")
    assert (sample.resource_id, sample.project_id) == ("i-00000000000000000", ACCOUNT_ID)


def test_failed_result_raises_cloud_unreachable(
    aws: AwsCloud, cloudwatch: "CloudWatchClient", metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_values(cloudwatch, metric, {"Name": "one"}, [1])
    failed = {"MetricDataResults": [{"Id": "m0", "StatusCode": "InternalError", "Timestamps": [], "Values": []}]}
    get_paginator = aws._client.cloudwatch.get_paginator

    class FailingPaginator:
        def paginate(self, **_: Any) -> list[Any]:
            return [failed]

    monkeypatch.setattr(
        aws._client.cloudwatch,
        "get_paginator",
        lambda name: FailingPaginator() if name == "get_metric_data" else get_paginator(name),
    )
    with pytest.raises(CloudUnreachable, match="InternalError"):
        list_samples(aws, metric)


def test_inventory_has_foreign_instances_and_their_root_volumes(moto_url: str, home: Path) -> None:
    aws = connect_aws(moto_url, home)
    response = aws._client.ec2.run_instances(ImageId=IMAGE, InstanceType="t3.small", MinCount=1, MaxCount=1)
    instance_id = response["Instances"][0]["InstanceId"]
    assert aws.usage is not None
    items = {item.id: item for item in aws.usage.list_inventory()}
    server = items[instance_id]
    assert (server.project_id, server.state) == (ACCOUNT_ID, "active")
    assert server.attributes == {
        "flavor": "t3.small",
        "vcpus": 2,
        "ram_mib": 2048,
        "availability_zone": response["Instances"][0]["Placement"]["AvailabilityZone"],
        "image_id": IMAGE,
    }
    instance = aws._client.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    root_volume = items[instance["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]]
    assert (root_volume.resource_type, root_volume.state) == ("volume", "in-use")
    assert root_volume.attributes["size_gib"] > 0


def test_period_must_be_a_multiple_of_a_minute(aws: AwsCloud) -> None:
    with pytest.raises(Invalid, match="period_s"):
        list_samples(aws, "any", period_s=90)
