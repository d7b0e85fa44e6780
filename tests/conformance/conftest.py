"""Runs each conformance test once for each kind of cloud."""

from pathlib import Path

import pytest

from conformance.clouds import CLOUDS, CloudUnderTest


@pytest.fixture(params=CLOUDS)
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> CloudUnderTest:
    return CLOUDS[request.param](request, tmp_path / "home")
