"""Fixtures for the AWS connector's own tests."""

from pathlib import Path

import pytest

from stratiform.connectors.aws.connector import AwsCloud
from support.moto import connect_aws


@pytest.fixture
def aws(moto_url: str, home: Path) -> AwsCloud:
    """An account of an installation of its own."""
    return connect_aws(moto_url, home)
