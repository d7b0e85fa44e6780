"""The page on proofs: its program, which shares nothing with ours, comes to the same verdict."""

import re
import subprocess
import sys
from pathlib import Path

from stratiform.services.ledger.model import UsageFilter
from support.ledger import recorded
from support.money import disk
from support.stacks import Bench, customer

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "proof.md"


def check(tmp_path: Path, lines: list[bytes], key: str) -> subprocess.CompletedProcess[str]:
    programs = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(programs) == 1
    (tmp_path / "check.py").write_text(programs[0])
    (tmp_path / "export").write_bytes(b"".join(lines))
    command = [sys.executable, str(tmp_path / "check.py"), str(tmp_path / "export"), key]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_program_of_the_page(stack_bench: Bench, tmp_path: Path) -> None:
    services = stack_bench.services
    with stack_bench.services.database.transaction() as db:
        services.ingest.messages.ingest(db, "openstack", recorded(), stack_bench.clock.now())
        moved = [disk("v1", "p1", "2026-01-01"), disk("v1", "p2", "2026-01-01", at="2026-01-02")]
        services.ingest.events.ingest(db, moved, stack_bench.clock.now())
        everything = services.proof.exports.create(stack_bench.ctx(db), UsageFilter())
        mine = services.proof.exports.create(stack_bench.ctx(db, customer("p1")), UsageFilter())
        lines, part = (
            list(services.proof.exports.iterate_lines(db, everything)),
            list(services.proof.exports.iterate_lines(db, mine)),
        )
    key = str(services.proof.keys.get_signer().verifier)
    size = everything.size
    assert check(tmp_path, lines, key).stdout.startswith(f"{size} events of {size} are in the log of stratiform/")
    assert check(tmp_path, part, key).stdout.startswith(f"2 events of {size} are in the log")
    place = next(number for number, line in enumerate(lines) if b'"kind":"event"' in line)
    altered = [*lines[:place], lines[place].replace(b"message_id", b"message_ie"), *lines[place + 1 :]]
    assert "is not in the log" in check(tmp_path, altered, key).stderr
    assert "missing or put in: [" in check(tmp_path, [*lines[:place], *lines[place + 1 :]], key).stderr
    assert (
        "not as it was signed"
        in check(tmp_path, [lines[0].replace(b"stratiform 0", b"stratiform 9"), *lines[1:]], key).stderr
    )
    assert check(tmp_path, lines, key.replace("+", "+0", 1)).returncode != 0
