"""Malformed parameters of the EC2 API are refused by every action, without an internal error."""

from typing import Any

import pytest

from stratiform.interfaces.ec2.api import import_actions
from support.ec2 import Ec2Api, get_code

pytestmark = pytest.mark.thorough

NUL, REPLACED, ARABIC_THREE = "\0", "\ufffd", "\u0663"

PARAMETERS: tuple[dict[str, Any], ...] = (
    {"MaxResults": "9" * 20},
    {"MaxResults": ARABIC_THREE, "NextToken": NUL},
    {"NextToken": REPLACED},
    {"DryRun": NUL},
    {"Filter.1.Name": NUL, "Filter.1.Value.1": NUL},
    {"Filter.1.Name": "tag:a", "Filter.1.Value.1": "*?" * 100 + "b"},
    {"InstanceId": NUL, "InstanceId.1": NUL, "VolumeId": REPLACED, "VolumeId.1": REPLACED},
    {"ResourceId.1": NUL, "Tag.1.Key": NUL, "Tag.1.Value": NUL},
    {"KeyName": "a", "PublicKeyMaterial": REPLACED},
    {"KeyName": NUL, "PublicKeyMaterial": "AAAA"},
    {"GroupName": NUL, "GroupDescription": NUL},
    {"Size": "1_0", "AvailabilityZone": NUL, "CidrBlock": f"{ARABIC_THREE}.0.0.0/8"},
    {"Size": "9" * 18, "AvailabilityZone": "zone-a"},
    {"MinCount": 1, "MaxCount": "9" * 18, "ImageId": "ami-1", "UserData": REPLACED, "ClientToken": NUL},
    {"PublicIp": f"{ARABIC_THREE}.1.1.1", "AllocationId": NUL, "Attribute": NUL},
)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_no_action_fails(ec2: Ec2Api, parameters: dict[str, Any]) -> None:
    for name in import_actions():
        response = ec2.send(name, **parameters)
        assert response.status_code < 500, (name, response.text)


def test_a_key_that_is_not_base64_is_refused(ec2: Ec2Api) -> None:
    for material in (REPLACED, "?", "AAAA"):
        response = ec2.send("ImportKeyPair", KeyName="a", PublicKeyMaterial=material)
        assert response.status_code == 400
        assert get_code(response).startswith("Invalid"), response.text
