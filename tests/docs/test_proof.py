"""`docs/reference/proof.md`: its program, which shares no code with the product, verifies exports."""

import re
import subprocess
import sys
from pathlib import Path

from stratiform.services.ledger.model import UsageFilter
from support.ledger import recorded
from support.money import disk
from support.stacks import ServiceHarness, customer

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "proof.md"


def run_program(tmp_path: Path, lines: list[bytes], key: str) -> subprocess.CompletedProcess[str]:
    programs = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(programs) == 1
    (tmp_path / "verify.py").write_text(programs[0])
    (tmp_path / "export").write_bytes(b"".join(lines))
    command = [sys.executable, str(tmp_path / "verify.py"), str(tmp_path / "export"), key]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_program_verifies_exports(service_harness: ServiceHarness, tmp_path: Path) -> None:
    services = service_harness.services
    with services.database.transaction() as db:
        services.ingest.messages.ingest(db, "openstack", recorded(), service_harness.clock.now())
        transferred = [disk("v1", "p1", "2026-01-01"), disk("v1", "p2", "2026-01-01", at="2026-01-02")]
        services.ingest.own_events.ingest(db, transferred, service_harness.clock.now())
        full_export = services.proof.exports.create(service_harness.ctx(db), UsageFilter())
        project_export = services.proof.exports.create(service_harness.ctx(db, customer("p1")), UsageFilter())
        lines = list(services.proof.exports.iterate_lines(db, full_export))
        project_lines = list(services.proof.exports.iterate_lines(db, project_export))
    key = str(services.proof.keys.get_signer().verifier)
    size = full_export.size
    assert run_program(tmp_path, lines, key).stdout.startswith(f"{size} of {size} events are in the log of stratiform/")
    assert run_program(tmp_path, project_lines, key).stdout.startswith(f"2 of {size} events are in the log")
    index = next(index for index, line in enumerate(lines) if b'"kind":"event"' in line)
    altered = [*lines[:index], lines[index].replace(b"message_id", b"message_ie"), *lines[index + 1 :]]
    assert "is not in the log" in run_program(tmp_path, altered, key).stderr
    assert "missing or added: [" in run_program(tmp_path, [*lines[:index], *lines[index + 1 :]], key).stderr
    other_heading = lines[0].replace(b"stratiform 0", b"stratiform 9")
    assert "differs from what was signed" in run_program(tmp_path, [other_heading, *lines[1:]], key).stderr
    assert run_program(tmp_path, lines, key.replace("+", "+0", 1)).returncode != 0
