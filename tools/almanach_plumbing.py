"""A pytest plug-in that connects Almanach's integration tests to Stratiform. The tests are unmodified.

They expect containers with fixed host names, MongoDB, a private key that is public, and the responses of their own
release: later releases, which Stratiform follows, have two keys more. `tools/almanach_suite.py` loads this module.
"""

import functools
import importlib
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

#: Keys that Almanach 4.1 added to entities.
_LATER_KEYS = ("image_meta", "processed")

#: The tests repeat a failed assertion without a limit; Almanach needs up to ten seconds, Stratiform one.
_TRIES, _DELAY_S = 20, 1

#: After this time, a published message is in the ledger.
_INGEST_S = 1.0


def pytest_configure() -> None:
    suite = Path(os.environ["ALMANACH_SUITE"])
    sys.path[:0] = [str(suite), str(suite / "integration_tests")]
    sys.modules["pymongo"] = _create_mongo_stub()
    _limit_retries(importlib.import_module("retry"))
    _connect_api(importlib.import_module("helpers.almanach_helper"))
    _connect_bus(importlib.import_module("helpers.rabbit_mq_helper"))
    _remove_later_keys(importlib.import_module("requests"))


def _create_mongo_stub() -> ModuleType:
    """The tests only drop the database, between classes that have different resources."""

    class MongoClient:
        def __init__(self, **_options: object) -> None:
            """Connect to nothing."""

        def drop_database(self, name: str) -> None:
            """Drop nothing."""

    stub = ModuleType("pymongo")
    stub.__dict__["MongoClient"] = MongoClient
    return stub


def _limit_retries(retry: Any) -> None:
    original = retry.retry

    @functools.wraps(original)
    def limited(**options: Any) -> Any:
        return original(**(options | {"tries": _TRIES, "delay": _DELAY_S}))

    retry.retry = limited


def _connect_api(helper: Any) -> None:
    def connect(self: Any) -> None:
        self.base_url = os.environ["ALMANACH_URL"]

    helper.AlmanachHelper.__init__ = connect
    helper.AlmanachHelper.x_auth_token = os.environ["ALMANACH_KEY"]


def _connect_bus(helper: Any) -> None:
    publish = helper.RabbitMqHelper.push

    def connect(self: Any) -> None:
        self.task_exchange = helper.Exchange("almanach.info", type="topic")
        self.connection = helper.BrokerConnection(os.environ["ALMANACH_BUS"])

    def push(self: Any, message: Any) -> None:
        publish(self, message)
        time.sleep(_INGEST_S)

    helper.RabbitMqHelper.__init__ = connect
    helper.RabbitMqHelper.push = push


def _remove_later_keys(requests: Any) -> None:
    decode = requests.Response.json

    def json(self: Any, **options: Any) -> Any:
        document = decode(self, **options)
        for item in document if isinstance(document, list) else [document]:
            if isinstance(item, dict) and "entity_id" in item:
                for key in _LATER_KEYS:
                    item.pop(key, None)
        return document

    requests.Response.json = json
