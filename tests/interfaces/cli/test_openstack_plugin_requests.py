"""Requests of the plug-in for the `openstack` client: secrets do not reach the log of `--debug`."""

import logging
from typing import Any

import pytest
import requests
from keystoneauth1.session import Session
from keystoneauth1.token_endpoint import Token
from requests.adapters import BaseAdapter

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
