"""The authorization matrix of the EC2 API: every action with no signature, a wrong one, and each role."""

import pytest

from stratiform.interfaces.ec2.api import import_actions
from stratiform.kit.policy import Caller
from stratiform.services.compute.model.ec2_ids import encode_ec2_id
from support.compute_api import ComputeApi
from support.ec2 import Ec2Api, get_code, texts

ACTIONS = import_actions()
REFUSED = ("AuthFailure", "UnauthorizedOperation")


def test_the_actions() -> None:
    assert len(ACTIONS) > 40
    assert [name for name, action in ACTIONS.items() if name.startswith("Describe") != action.is_read_only] == [
        "GetConsoleOutput"
    ]


def test_without_a_valid_signature_every_action_fails(ec2: Ec2Api) -> None:
    access, _ = ec2.credentials["green"]
    ec2.credentials["wrong secret"] = (access, "wrong")
    ec2.credentials["unknown key"] = ("unknown", "wrong")
    for caller in ("", "wrong secret", "unknown key"):
        responses = {name: ec2.send(name, caller) for name in ACTIONS}
        codes = {name: (response.status_code, get_code(response)) for name, response in responses.items()}
        assert codes == dict.fromkeys(ACTIONS, (401, "AuthFailure")), caller


@pytest.mark.parametrize(("caller", "roles"), [("green-reader", {"reader"}), ("green", {"member", "reader"})])
def test_roles_follow_the_declared_rule(ec2: Ec2Api, caller: str, roles: set[str]) -> None:
    """A caller without the role is refused before parameters are read; with the role never."""
    owner = Caller("user", ec2.callers.projects["green"], roles=frozenset(roles))
    wrong = {}
    for name, action in ACTIONS.items():
        response = ec2.send(name, caller)
        allowed = action.rule.allows_some_resource(owner)
        if allowed != (get_code(response) not in REFUSED):
            wrong[name] = (response.status_code, response.text)
    assert wrong == {}


def test_another_project_reaches_no_resource(ec2: Ec2Api, compute: ComputeApi) -> None:
    server_id = compute.create_active()
    volume = compute.callers.ok("POST", "/volume/v3/volumes", json={"volume": {"size": 1}})["volume"]
    group = {"security_group": {"name": "web"}}
    group = compute.callers.ok("POST", "/network/v2.0/security-groups", json=group)["security_group"]
    instance, disk = encode_ec2_id("i", server_id), encode_ec2_id("vol", volume["id"])
    requests = {
        "StartInstances": {"InstanceId__1": instance},
        "StopInstances": {"InstanceId__1": instance},
        "RebootInstances": {"InstanceId__1": instance},
        "TerminateInstances": {"InstanceId__1": instance},
        "DescribeInstances": {"InstanceId__1": instance},
        "GetConsoleOutput": {"InstanceId": instance},
        "CreateImage": {"InstanceId": instance, "Name": "x"},
        "CreateTags": {"ResourceId__1": instance, "Tag__1__Key": "a"},
        "DeleteVolume": {"VolumeId": disk},
        "AttachVolume": {"VolumeId": disk, "InstanceId": instance},
        "CreateSnapshot": {"VolumeId": disk},
        "DeleteSecurityGroup": {"GroupId": encode_ec2_id("sg", group["id"])},
    }
    codes = {name: get_code(ec2.send(name, "blue", **values)) for name, values in requests.items()}
    assert {name: code for name, code in codes.items() if not code.endswith(".NotFound")} == {}
    bodies = [ec2.send(name, "blue").text for name in ACTIONS if name.startswith("Describe")]
    assert [body for body in bodies if instance in body or disk in body] == []
    assert texts(ec2.ok("DescribeInstances"), "reservationSet/item/instancesSet/item/instanceId") == [instance]


def test_credentials_end_with_their_deletion(ec2: Ec2Api) -> None:
    access, _ = ec2.credentials["green"]
    token = ec2.callers.tokens["green"]
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    user_id = ec2.callers.client.get("/identity/v3/auth/tokens", headers=headers).json()["token"]["user"]["id"]
    path = f"/identity/v3/users/{user_id}/credentials/OS-EC2/{access}"
    assert ec2.send("DescribeRegions").status_code == 200
    assert ec2.callers.request("DELETE", path).status_code == 204
    assert get_code(ec2.send("DescribeRegions")) == "AuthFailure"
