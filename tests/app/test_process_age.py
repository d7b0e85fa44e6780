"""The age of a process includes what happened before our code was loaded."""

import subprocess
import sys

from stratiform.app.process_age import seconds_since_start


def test_age_counts_from_the_start_of_the_process() -> None:
    code = (
        "import time; time.sleep(0.5); from stratiform.app.process_age import seconds_since_start as age; print(age())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(result.stdout) >= 0.48, "the clock has steps of 10 ms"


def test_age_grows() -> None:
    first = seconds_since_start()
    assert 0 < first <= seconds_since_start()
