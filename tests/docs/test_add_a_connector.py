"""`docs/howto/add-a-connector.md`: the files that it lists exist, and its example runs."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import stratiform.connectors
from stratiform.contract.connector import CloudAccount, Connector, Installation
from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.registry import describe_connectors, get_connector
from stratiform.kit.clock import SystemClock
from stratiform.kit.errors import Invalid

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "howto" / "add-a-connector.md").read_text()
FILES = re.findall(r"^\| `(\w+\.py)` \|", PAGE, re.MULTILINE)
EXAMPLE = dict(re.findall(r"^`(src/[\w/]+\.py)`\n\n```python\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize(
    ("kind", "missing"), [("memory", []), ("aws", ["adoption.py"]), ("cloudstack", ["adoption.py"])]
)
def test_listed_files_exist(kind: str, missing: list[str]) -> None:
    assert len(FILES) == 14
    package = ROOT / "src" / "stratiform" / "connectors" / kind
    assert [name for name in FILES if not (package / name).exists()] == missing


@pytest.mark.parametrize(
    "path", [path for path in re.findall(r"`((?:src|tests|docs)/[\w/.-]+)`", PAGE) if "acme" not in path]
)
def test_mentioned_paths_exist(path: str) -> None:
    assert (ROOT / path.replace("KIND", "aws")).exists()


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connector]:
    """The example, installed where the registry finds it."""
    for path, code in EXAMPLE.items():
        file = tmp_path / path.removeprefix("src/stratiform/connectors/")
        file.parent.mkdir(exist_ok=True)
        file.write_text(code)
    monkeypatch.setattr(stratiform.connectors, "__path__", [*stratiform.connectors.__path__, str(tmp_path)])
    yield get_connector("acme")
    for name in [name for name in sys.modules if name.startswith("stratiform.connectors.acme")]:
        del sys.modules[name]


def test_registry_finds_the_example(acme: Connector) -> None:
    description = next(description for description in describe_connectors() if description.kind == "acme")
    assert (description.summary, description.capabilities) == ("Acme: volumes. Acme has no servers.", ("volume",))
    assert [setting.name for setting in acme.settings] == ["endpoint", "api_key"]


def test_example_connects_and_raises_contract_errors(acme: Connector, tmp_path: Path) -> None:
    installation = Installation("i", tmp_path, SystemClock())
    with pytest.raises(Invalid, match="endpoint"):
        acme.connect(CloudAccount("c", "c", {}), installation)
    settings = {"endpoint": "http://127.0.0.1:1", "api_key": "k"}
    cloud = acme.connect(CloudAccount("c", "c", settings), installation)
    assert (cloud.compute, cloud.network, cloud.image) == (None, None, None)
    assert cloud.volume is not None
    with pytest.raises(CloudUnreachable):
        cloud.check_credentials()
    with pytest.raises(CloudUnreachable):
        list(cloud.volume.list())
