"""Usage is imported until the disk is full, and again once there is space: nothing is lost, nothing is doubled."""

from pathlib import Path

import httpx
import pytest

from support.callers import open_callers
from support.databases import require
from support.small_disk import small_disk
from support.stacks import build_harness
from support.usage_events import BATCH, event

pytestmark = pytest.mark.thorough

BATCHES, EVENTS = 40, 50


def test_an_import_goes_on_after_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        require("a filesystem to fill (mount)", disk.is_limited)
        stack = build_harness(disk.folder / "home")
        with open_callers(stack) as api:

            def send(batch: int) -> httpx.Response:
                events = [event(batch * EVENTS + number, project_id="p1") for number in range(EVENTS)]
                path = "/api/v1/usage/events"
                return api.request("POST", path, "admin", json=events, headers={"Content-Type": BATCH})

            assert send(0).json()["ingested"] == EVENTS
            disk.fill(1024 * 1024)
            ingested = 1
            while (response := send(ingested)).status_code == 200:
                ingested += 1
                assert ingested < BATCHES, "the disk did not become full"
            assert (response.status_code, ingested > 1) == (503, True), response.text
            assert api.request("GET", "/api/v1/usage/segments", "admin").status_code == 200
            disk.empty()
            counts = [send(batch).json() for batch in range(BATCHES)]
        assert [each["duplicates"] for each in counts] == [EVENTS] * ingested + [0] * (BATCHES - ingested)
        assert [each["ingested"] for each in counts] == [0] * ingested + [EVENTS] * (BATCHES - ingested)
        stack.services.database.close()
