"""Start-up of a test run: a unit test loads neither the application nor the SDK of a cloud."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
HEAVY = ("boto3", "duckdb", "grpc", "hypothesis", "litestar", "moto", "openstack", "sqlalchemy", "stratiform.app")


def test_conftest_imports_no_heavy_package() -> None:
    code = f"import conftest, sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=TESTS, capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


@pytest.mark.parametrize(("profile", "count"), [("dev", 20), ("ci", 100)])
def test_profile_sets_the_number_of_examples(profile: str, count: int) -> None:
    code = "import support.profiles, hypothesis; print(hypothesis.settings.default.max_examples)"
    environment = {"PYTHONPATH": str(TESTS), "HYPOTHESIS_PROFILE": profile}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert int(result.stdout) == count
