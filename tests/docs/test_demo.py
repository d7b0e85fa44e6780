"""The demo, the first command of the README."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "tools" / "demo.py"


@pytest.mark.timeout(480)
def test_demo_issues_an_invoice(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    demo = subprocess.run(
        [sys.executable, DEMO],
        env=os.environ | {"DEMO_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout[-4000:]
    assert (home / "invoice.pdf").read_bytes().startswith(b"%PDF")
    invoice = json.loads((home / "invoice.json").read_text())
    assert len({line["cloud"] for line in invoice["lines"]}) == 2
    assert Decimal(invoice["total"]) > 0
