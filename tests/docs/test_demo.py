"""The demo that the README begins with ends well, wherever it is played."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "tools" / "demo.py"


@pytest.mark.timeout(480)
def test_the_demo_ends_with_an_invoice(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    played = subprocess.run(
        [sys.executable, DEMO],
        env=os.environ | {"DEMO_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stdout[-4000:]
    assert (home / "invoice.pdf").read_bytes().startswith(b"%PDF")
    invoice = json.loads((home / "invoice.json").read_text())
    assert len({line["cloud"] for line in invoice["lines"]}) == 2
    assert Decimal(invoice["total"]) > 0
