"""What the pages show of customers' resources, in-process."""

from collections.abc import Iterator

import pytest

from support.callers import open_callers
from support.compute_api import ComputeApi
from support.servers import with_servers
from support.stacks import ServiceHarness

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[ComputeApi]:
    with open_callers(service_harness) as callers:
        servers = with_servers(service_harness, (callers.projects["green"], callers.projects["blue"]))
        yield ComputeApi(callers, servers)


def overview(api: ComputeApi, caller: str) -> str:
    token = api.callers.tokens[caller]
    response = api.callers.client.get("/dashboard", headers={"Cookie": f"stratiform_session={token}"})
    assert response.status_code == 200
    return response.text


def test_names_are_escaped(api: ComputeApi) -> None:
    api.create_active(name=SCRIPT)
    api.callers.ok("POST", "/volume/v3/volumes", json={"volume": {"size": 1, "name": SCRIPT}})
    page = overview(api, "green")
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2


def test_other_projects_are_not_shown(api: ComputeApi) -> None:
    server_id = api.create_active()
    assert server_id in overview(api, "green")
    assert server_id not in overview(api, "blue")
