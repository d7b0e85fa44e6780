"""`docs/howto/add-a-connector.md` tells the truth: its files are ours, and its outline runs."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import stratiform.connectors
from stratiform.contract.connector import CloudAccount, Connector, Installation
from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.registry import describe_kinds, get_connector
from stratiform.kit.clock import SystemClock
from stratiform.kit.errors import Invalid

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "howto" / "add-a-connector.md").read_text()
FILES = re.findall(r"^\| `(\w+\.py)` \|", PAGE, re.MULTILINE)
OUTLINE = dict(re.findall(r"^`(src/[\w/]+\.py)`\n\n```python\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("kind", ["memory", "aws"])
def test_the_files_it_lists_are_there(kind: str) -> None:
    assert len(FILES) == 10
    folder = ROOT / "src" / "stratiform" / "connectors" / kind
    assert [name for name in FILES if not (folder / name).exists()] == []


@pytest.mark.parametrize(
    "path", [path for path in re.findall(r"`((?:src|tests|docs)/[\w/.-]+)`", PAGE) if "acme" not in path]
)
def test_the_paths_it_names_are_there(path: str) -> None:
    assert (ROOT / path.replace("KIND", "aws")).exists()


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connector]:
    """The outline, written to a folder where the registry looks too."""
    for path, code in OUTLINE.items():
        file = tmp_path / path.removeprefix("src/stratiform/connectors/")
        file.parent.mkdir(exist_ok=True)
        file.write_text(code)
    monkeypatch.setattr(stratiform.connectors, "__path__", [*stratiform.connectors.__path__, str(tmp_path)])
    yield get_connector("acme")
    for name in [name for name in sys.modules if name.startswith("stratiform.connectors.acme")]:
        del sys.modules[name]


def test_the_outline_is_found_with_its_one_capability(acme: Connector) -> None:
    kind = next(kind for kind in describe_kinds() if kind.kind == "acme")
    assert (kind.summary, kind.capabilities) == ("how Acme does it: disks.", ("volume",))
    assert [setting.name for setting in acme.settings] == ["endpoint", "api_key"]


def test_the_outline_connects_and_says_what_is_wrong(acme: Connector, tmp_path: Path) -> None:
    place = Installation("i", tmp_path, SystemClock())
    with pytest.raises(Invalid, match="endpoint"):
        acme.connect(CloudAccount("c", "c", {}), place)
    cloud = acme.connect(CloudAccount("c", "c", {"endpoint": "http://127.0.0.1:1", "api_key": "k"}), place)
    assert (cloud.compute, cloud.network, cloud.image) == (None, None, None)
    assert cloud.volume is not None
    with pytest.raises(CloudUnreachable):
        cloud.check_credentials()
    with pytest.raises(CloudUnreachable):
        list(cloud.volume.list())
