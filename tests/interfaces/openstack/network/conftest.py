"""The Networking API in-process, with callers of several projects."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.callers import Callers, open_callers
from support.stacks import ServiceHarness

V2 = "/network/v2.0"


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Callers]:
    with open_callers(service_harness) as api:
        yield api


@pytest.fixture
def network(api: Callers) -> dict[str, Any]:
    """A network of project green."""
    return dict(api.ok("POST", f"{V2}/networks", json={"network": {"name": "n"}})["network"])


@pytest.fixture
def subnet(api: Callers, network: dict[str, Any]) -> dict[str, Any]:
    body = {"network_id": network["id"], "ip_version": 4, "cidr": "192.0.2.0/28"}
    return dict(api.ok("POST", f"{V2}/subnets", json={"subnet": body})["subnet"])


@pytest.fixture
def port(api: Callers, subnet: dict[str, Any]) -> dict[str, Any]:
    body = {"network_id": subnet["network_id"]}
    return dict(api.ok("POST", f"{V2}/ports", json={"port": body})["port"])
