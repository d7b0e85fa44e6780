"""Rewrite the requirements files from pyproject.toml (`make lock`), or check that they match it (`--check`).

Existing pins are kept unless `--upgrade` is passed. The first line of each file is a SHA-256 over the dependency
tables of pyproject.toml and the rest of the file. The check compares that line only, so it needs no network, takes
milliseconds and does not depend on releases that appeared since; it fails when a dependency was changed without
`make lock`, and when a file was edited or merged by hand.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "# sha256 of the dependency tables and of the lines below: "

#: Requirements file to the sources of `uv pip compile`. Pins of the run file hold in the dev file, too.
FILES = {
    "uv.txt": ["--group", "uv"],
    "run.txt": ["pyproject.toml"],
    "dev.txt": ["pyproject.toml", "--group", "dev", "--constraints", "requirements/run.txt"],
}


def read_dependency_tables(root: Path) -> str:
    """The parts of pyproject.toml that determine the requirements files, in canonical form."""
    content = tomllib.loads((root / "pyproject.toml").read_text())
    project = content["project"]
    tables = {
        "requires-python": project["requires-python"],
        "dependencies": project["dependencies"],
        "optional-dependencies": project.get("optional-dependencies", {}),
        "groups": content["dependency-groups"],
        "build": content["build-system"]["requires"],
        "uv": content.get("tool", {}).get("uv", {}),
    }
    return json.dumps(tables, sort_keys=True)


def compute_header(root: Path, body: str) -> str:
    return PREFIX + hashlib.sha256((read_dependency_tables(root) + body).encode()).hexdigest()


def find_stale_files(root: Path) -> list[str]:
    """Names of the requirements files that are missing or do not match their first line."""
    stale = []
    for name in FILES:
        path = root / "requirements" / name
        header, _, body = path.read_text().partition("\n") if path.exists() else ("", "", "")
        if header != compute_header(root, body):
            stale.append(f"requirements/{name}")
    return stale


def compile_file(name: str, sources: list[str], *, upgrade: bool) -> None:
    path = ROOT / "requirements" / name
    command = [
        str(ROOT / "tools" / "run-uv"),
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        "--no-emit-index-url",
    ]
    command += ["--python-version", "3.11", "--python", sys.executable, "--custom-compile-command", "make lock"]
    command += [*sources, "--output-file", f"requirements/{name}"]
    if upgrade:
        command.append("--upgrade")
    subprocess.run(command, cwd=ROOT, check=True)
    body = path.read_text()
    path.write_text(f"{compute_header(ROOT, body)}\n{body}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="exit with status 1 if a file does not match pyproject.toml"
    )
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows")
    options = parser.parse_args()
    if not options.check:
        for name, sources in FILES.items():
            compile_file(name, sources, upgrade=options.upgrade)
        return 0
    stale = find_stale_files(ROOT)
    if stale:
        print(f"{', '.join(stale)} do not match pyproject.toml. Hint: make lock", file=sys.stderr)  # noqa: T201
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
