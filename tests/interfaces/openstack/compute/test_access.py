"""Another project (404), a role that is too small (403)."""

from typing import Any

import pytest

from support.nova import Nova

#: What a member of the project may and a reader may not: method, path behind the server, body.
CHANGES: list[tuple[str, str, Any]] = [
    ("DELETE", "", None),
    ("PUT", "", {"server": {"name": "x"}}),
    *(
        ("POST", "/action", body)
        for body in (
            {"os-start": None},
            {"os-stop": None},
            {"reboot": {"type": "HARD"}},
            {"resize": {"flavorRef": "2"}},
            {"confirmResize": None},
            {"revertResize": None},
            {"lock": None},
            {"unlock": None},
            {"addSecurityGroup": {"name": "x"}},
        )
    ),
    ("POST", "/metadata", {"metadata": {}}),
    ("PUT", "/metadata", {"metadata": {}}),
    ("DELETE", "/metadata/k", None),
    ("PUT", "/tags", {"tags": []}),
    ("DELETE", "/tags/x", None),
    ("POST", "/os-volume_attachments", {"volumeAttachment": {"volumeId": "v"}}),
    ("DELETE", "/os-volume_attachments/v", None),
]
LOOKS = [
    "",
    "/metadata",
    "/metadata/k",
    "/tags",
    "/ips",
    "/os-interface",
    "/os-security-groups",
    "/os-instance-actions",
]
LOOKS += ["/os-volume_attachments"]
OPERATORS: list[tuple[str, str, Any]] = [
    ("POST", "/flavors", {"flavor": {"name": "x", "ram": 1, "vcpus": 1, "disk": 1}}),
    ("PUT", "/flavors/1", {"flavor": {"description": "x"}}),
    ("DELETE", "/flavors/1", None),
    ("POST", "/flavors/1/os-extra_specs", {"extra_specs": {"a": "b"}}),
    ("PUT", "/flavors/1/os-extra_specs/a", {"a": "b"}),
    ("DELETE", "/flavors/1/os-extra_specs/a", None),
    ("GET", "/flavors/1/os-flavor-access", None),
    ("POST", "/flavors/1/action", {"addTenantAccess": {"tenant": "x"}}),
    ("GET", "/os-services", None),
    ("GET", "/os-hypervisors", None),
    ("GET", "/os-availability-zone/detail", None),
    ("GET", "/servers?all_tenants=1", None),
    ("GET", "/os-keypairs?user_id=somebody", None),
]


def test_nobody_is_told_so_in_novas_words(nova: Nova) -> None:
    answer = nova("GET", "/servers", who="")
    assert (answer.status_code, list(answer.json())) == (401, ["unauthorized"])


def test_another_projects_server_is_404(nova: Nova) -> None:
    server_id = nova.active(metadata={"k": "v"})
    for method, path, body in [*CHANGES, *(("GET", path, None) for path in LOOKS)]:
        answer = nova(method, f"/servers/{server_id}{path}", body, who="blue", at=79)
        assert answer.status_code == 404, f"{method} {path} {body}: {answer.status_code} {answer.text}"
        assert answer.json()["itemNotFound"]["message"] == f"Instance {server_id} could not be found."


def test_a_reader_looks_and_changes_nothing(nova: Nova) -> None:
    server_id = nova.active(metadata={"k": "v"})
    for path in LOOKS:
        nova.ok("GET", f"/servers/{server_id}{path}", who="green-reader", at=79)
    for method, path, body in CHANGES:
        answer = nova(method, f"/servers/{server_id}{path}", body, who="green-reader", at=79)
        assert answer.status_code == 403, f"{method} {path} {body}: {answer.status_code} {answer.text}"
        assert "forbidden" in answer.json()
    assert nova("POST", "/servers", nova.order(), who="green-reader").status_code == 403


@pytest.mark.parametrize(("method", "path", "body"), OPERATORS)
def test_what_only_the_operator_may(nova: Nova, method: str, path: str, body: Any) -> None:
    assert nova(method, path, body, at=79).status_code == 403
    assert nova(method, path, body, at=79, who="admin").status_code != 403


def test_another_projects_quota_is_not_told(nova: Nova) -> None:
    blue = nova.of.projects["blue"]
    assert nova("GET", f"/os-quota-sets/{blue}").status_code == 403
    assert nova("GET", f"/limits?tenant_id={blue}").status_code == 403
