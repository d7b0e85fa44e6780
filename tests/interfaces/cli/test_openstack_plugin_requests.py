"""Requests of the plug-in for the `openstack` client: secrets are sent, and do not reach the log of `--debug`."""

import logging
from typing import Any

import pytest
import requests
from keystoneauth1.session import Session
from keystoneauth1.token_endpoint import Token
from requests.adapters import BaseAdapter

from stratiform.interfaces.cli.openstack_plugin import accounts
from stratiform.interfaces.cli.openstack_plugin.requests import CloudsClient


class EmptyResponses(BaseAdapter):
    """Records requests and responds to each with an empty object."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        self.sent.append(request)
        response = requests.Response()
        response.status_code = 200
        response.request = request
        response.url = request.url or ""
        response._content = b"{}"
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("method", ["post", "put"])
def test_bodies_are_not_logged(method: str, caplog: pytest.LogCaptureFixture) -> None:
    adapter = EmptyResponses()
    transport = requests.Session()
    transport.mount("http://", adapter)
    client = CloudsClient(Session(Token("http://clouds", "token"), session=transport), None, None)
    with caplog.at_level(logging.DEBUG):
        assert client.get("clouds") == {}
        getattr(client, method)("clouds", {"settings": {"secret_key": "hush"}})
    assert "hush" in str(adapter.sent[1].body)
    assert "http://clouds/api/v1/clouds" in caplog.text
    assert "hush" not in caplog.text


class Clouds:
    """The Clouds API with one cloud of the kind aws."""

    def __init__(self) -> None:
        self.bodies: list[object] = []

    def get(self, path: str) -> dict[str, object]:
        settings = [{"name": "secret_key", "secret": True}, {"name": "region", "secret": False}]
        return {"kinds": [{"kind": "aws", "settings": settings}]} if path == "cloud-kinds" else {"kind": "aws"}

    def put(self, path: str, body: object) -> dict[str, object]:
        self.bodies.append(body)
        return {"name": path}


def test_set_reads_secrets_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = Clouds()
    monkeypatch.setattr(accounts, "get_clouds_client", lambda _app: clouds)
    monkeypatch.setenv("STRATIFORM_CLOUD_SECRET_KEY", "hush")
    monkeypatch.setenv("STRATIFORM_CLOUD_REGION", "elsewhere")
    app: Any = None  # is not used
    command = accounts.SetCloud(app, None)
    command.take_action(command.get_parser("openstack").parse_args(["ec2"]))
    assert clouds.bodies == [{"settings": {"secret_key": "hush"}}]
