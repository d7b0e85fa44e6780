"""README's walk for a hoster, from an existing OpenStack to an invoice, is right at the first try."""

import json
import lzma
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from support.ports import free_port
from support.programs import Cli

ROOT = Path(__file__).parents[2]
HEADING = "## Bill an existing OpenStack cloud\n"

#: Project of the recorded notifications.
PROJECT = "8782449b8ab1452ba506264c4923f734"

#: States in which vCPUs and memory are charged in examples/prices.toml.
OCCUPYING = {"active", "paused", "rescued", "resized", "error"}


@dataclass(frozen=True)
class Measure:
    """How a line of an instance follows from its segments: states (empty: all), attribute, units per hour, price."""

    states: frozenset[str]
    attribute: str
    divisor: int
    price: str


MEASURES = {
    "vCPU": Measure(frozenset(OCCUPYING), "vcpus", 1, "0.0105"),
    "Memory": Measure(frozenset(OCCUPYING), "ram_mib", 1024, "0.0042"),
    "Root disk": Measure(frozenset(), "root_gib", 1, "0.00011"),
}


def commands() -> list[list[str]]:
    """Return the arguments of the `stratiform` commands of the section."""
    section = (ROOT / "README.md").read_text().split(HEADING)[1].split("\n## ")[0]
    lines = re.findall(r"^\$ stratiform (.*)$", section, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """A home, and the recorded notifications as those of October in the current directory."""
    monkeypatch.chdir(tmp_path)
    with lzma.open(ROOT / "tests" / "data" / "notifications.jsonl.xz", "rt") as recorded:
        Path("notifications.jsonl").write_text(recorded.read().replace("2026-11-20", "2026-10-20"))
    Path("examples").symlink_to(ROOT / "examples")
    cli = Cli(tmp_path / "home")
    try:
        yield cli
    finally:
        cli.stop()


@pytest.mark.timeout(240)
def test_the_walk_of_a_hoster_ends_with_the_right_invoice(cli: Cli) -> None:
    outputs = [_play(cli, arguments) for arguments in commands()]
    by_command = {" ".join(arguments[:2]): output for arguments, output in zip(commands(), outputs, strict=True)}
    assert "576 ingested, 0 duplicates" in by_command["usage import"]
    assert PROJECT in by_command["account unassigned"]
    assert "Unassigned" not in by_command["account assign"]
    first_preview, preview = [
        output for arguments, output in zip(commands(), outputs, strict=True) if "--dry-run" in arguments
    ]
    assert "Cannot be closed: Usage without a price: volume (2 resources" in first_preview
    assert "usage names set" in first_preview
    assert PROJECT not in preview.split("Unassigned")[-1]
    assert "Cannot be closed" not in preview
    assert Path("invoice.pdf").read_bytes().startswith(b"%PDF")
    (summary,) = json.loads(cli("invoice", "list", "-f", "json"))
    invoice = json.loads(cli("invoice", "show", summary["number"], "-f", "json"))
    assert _row(preview, "Exact sum") == invoice["exact"]
    assert _row(preview, "Total") == invoice["total"]
    assert (invoice["seller"]["name"], invoice["customer"]["name"]) == ("Nimbus Hosting", "Acme Ltd")
    assert {line["project_id"] for line in invoice["lines"]} == {PROJECT}
    _check_lines(cli, invoice)


def _play(cli: Cli, arguments: list[str]) -> str:
    """Run a command as a person would: confirm what it prompts for, and use the number of this year's invoice."""
    if arguments[0] == "up":
        return cli(*arguments, "--port", free_port())
    if arguments[:2] == ["period", "close"] and "--dry-run" not in arguments:
        return cli(*arguments, "--yes")
    if arguments[:2] == ["invoice", "download"]:
        (summary,) = json.loads(cli("invoice", "list", "-f", "json"))
        return cli(*arguments[:2], summary["number"], *arguments[3:])
    result = cli.run(*arguments)
    return result.stdout + result.stderr


def _row(preview: str, name: str) -> str:
    match = re.search(rf"^{name} +(\S+)", preview, re.MULTILINE)
    assert match is not None, preview
    return match[1]


def _check_lines(cli: Cli, invoice: Mapping[str, Any]) -> None:
    """Compute the lines of instances again from the segments, by hand."""
    options = ("--project", PROJECT, "--from", "2026-10-01", "--to", "2026-11-01", "--resource-type", "instance")
    segments = json.loads(cli("usage", "list", *options, "-f", "json"))
    expected = {}
    for resource_id, group in groupby(segments, key=lambda segment: segment["resource_id"]):
        own = list(group)
        for label, measure in MEASURES.items():
            quantity = _quantity(own, measure)
            if quantity:
                expected[resource_id, label] = (quantity, quantity * Decimal(measure.price))
    lines = {
        (line["resource_id"], line["description"]): (Decimal(line["quantity"]), Decimal(line["amount"]))
        for line in invoice["lines"]
        if line["resource_type"] == "instance"
    }
    assert lines == expected
    assert len(lines) >= 9
    assert sum(Decimal(line["amount"]) for line in invoice["lines"]) == Decimal(invoice["exact"])


def _quantity(segments: list[dict[str, Any]], measure: Measure) -> Decimal:
    """Round each uninterrupted use up to seconds, and sum value × hours."""
    total = Decimal(0)
    run: tuple[str, str, int] | None = None
    for segment in sorted(segments, key=lambda segment: segment["start"]):
        charged = not measure.states or segment["state"] in measure.states
        value = segment["attributes"][measure.attribute] if charged else 0
        if run is not None and (run[1], run[2]) == (segment["start"], value):
            run = (run[0], segment["end"], value)
            continue
        total += _measure(run)
        run = (segment["start"], segment["end"], value)
    total += _measure(run)
    return (total / 3600 / measure.divisor).quantize(Decimal("1e-10"), rounding=ROUND_HALF_EVEN)


def _measure(run: tuple[str, str, int] | None) -> Decimal:
    if run is None:
        return Decimal(0)
    start, end = (datetime.fromisoformat(text) for text in run[:2])
    duration = end - start
    seconds = duration.days * 86400 + duration.seconds + bool(duration.microseconds)
    return Decimal(seconds * run[2])
