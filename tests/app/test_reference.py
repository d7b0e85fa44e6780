"""The generated pages."""

from pathlib import Path

import pytest

from stratiform.app.reference_pages import PAGES, render_page_file, write_pages

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_current(name: str) -> None:
    now = render_page_file(PAGES[name])
    assert (FOLDER / name).read_text() == now, "run: python -m stratiform.app.reference_pages"


def test_connectors_page_lists_capabilities_and_secrets() -> None:
    page = PAGES["connectors.md"]()
    assert "| [aws](#aws) | yes | yes | yes | yes | yes |  | yes | yes |  | yes |" in page
    assert "| `secret_key` (secret) | yes |" in page


def test_endpoints_have_microversions_rule_and_summary() -> None:
    page = PAGES["endpoints.md"]()
    assert "| GET | `/clouds` |  | `stratiform:clouds:list` | List clouds, ordered by name |" in page
    assert "| POST | `/volumes/{volume_id}/action` `os-extend` |  | `volume:extend` |" in page
    assert "| GET | `/attachments` | from 3.27 | `volume:get_all` |" in page
    assert "| POST | `/auth/tokens` |  | no token required |" in page


def test_all_pages_are_written(tmp_path: Path) -> None:
    write_pages(tmp_path / "new")
    assert {file.name for file in (tmp_path / "new").iterdir()} == set(PAGES)
