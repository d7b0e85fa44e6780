"""Fixtures for tests of the AWS connector."""

from pathlib import Path

import pytest

from stratiform.connectors.aws.connector import AwsCloud
from support.moto import connect_aws


@pytest.fixture
def aws(moto_url: str, home: Path) -> AwsCloud:
    """A connection to moto's account as a new installation."""
    return connect_aws(moto_url, home)
