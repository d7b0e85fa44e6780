"""`make setup` on machines whose PATH has programs that exist but do not run, and the requirements files."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BROKEN_SHIM = '#!/bin/sh\necho "pyenv: $(basename "$0"): command not found" >&2\nexit 127\n'
OLD_PYTHON = "#!/bin/sh\necho SyntaxError >&2\nexit 1\n"
#: What the tools themselves run, besides Python and uv.
COMMANDS = ("bash", "cat", "dirname", "env", "head", "id", "mkdir", "rm", "sed", "sh")


def write_program(directory: Path, name: str, script: str) -> Path:
    directory.mkdir(exist_ok=True)
    program = directory / name
    program.write_text(script)
    program.chmod(0o755)
    return program


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A directory with the shell commands that the tools need, and no Python."""
    directory = tmp_path / "commands"
    directory.mkdir()
    for name in COMMANDS:
        program = shutil.which(name)
        assert program
        (directory / name).symlink_to(program)
    return directory


@pytest.fixture
def shims(tmp_path: Path) -> Path:
    """Broken shims as pyenv leaves them: for each version that is installed and not selected."""
    for name in ("python3.14", "python3.13", "python3.12", "python3.11", "python3", "python", "uv"):
        write_program(tmp_path / "shims", name, BROKEN_SHIM)
    return tmp_path / "shims"


def run_tool(
    name: str, path: Sequence[Path], *options: str, root: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": ":".join(str(directory) for directory in path), "HOME": str(root)}
    return subprocess.run(
        [root / "tools" / name, *options], env=variables | environment, capture_output=True, text=True, check=False
    )


def test_first_python_that_runs_is_chosen(commands: Path, shims: Path, tmp_path: Path) -> None:
    write_program(tmp_path / "old", "python3", OLD_PYTHON)
    working = write_program(tmp_path / "working", "python3.12", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    path = [shims, tmp_path / "missing", tmp_path / "old", working.parent, commands]
    result = run_tool("find-python", path)
    assert (result.returncode, result.stderr) == (0, "")
    version = "import sys; print(sys.version_info >= (3, 11))"
    chosen = subprocess.run([result.stdout.strip(), "-c", version], capture_output=True, text=True, check=True)
    assert chosen.stdout == "True\n"


def test_same_name_later_on_the_path_is_chosen(commands: Path, shims: Path, tmp_path: Path) -> None:
    working = write_program(tmp_path / "working", "python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    result = run_tool("find-python", [shims, working.parent, commands])
    assert (result.returncode, result.stderr) == (0, "")
    assert Path(result.stdout.strip()).samefile(sys.executable)


def test_directory_that_cannot_be_read_is_skipped(commands: Path, shims: Path, tmp_path: Path) -> None:
    closed = write_program(tmp_path / "closed", "python3.13", BROKEN_SHIM).parent
    working = write_program(tmp_path / "working", "python3.11", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    closed.chmod(0)
    try:
        result = run_tool("find-python", [closed, shims, working.parent, commands])
    finally:
        closed.chmod(0o755)
    assert (result.returncode, result.stderr) == (0, "")


def test_given_python_is_the_only_candidate(commands: Path, shims: Path, tmp_path: Path) -> None:
    working = write_program(tmp_path / "working", "python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    path = [working.parent, commands]
    assert run_tool("find-python", path, PYTHON=str(shims / "python3")).returncode == 1
    assert run_tool("find-python", [shims, commands], PYTHON=str(working)).returncode == 0


@pytest.mark.parametrize("tool", ["find-python", "setup"])
def test_no_working_python_is_one_line_with_a_hint(tool: str, commands: Path, shims: Path, tmp_path: Path) -> None:
    root = copy_tools(tmp_path)
    result = run_tool(tool, [shims, commands], root=root)
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(r"No working Python 3\.11 or newer found on the PATH\. Hint: .*\n", result.stderr)
    assert not (root / ".venv").exists()


def test_broken_uv_is_passed_over(commands: Path, shims: Path, tmp_path: Path) -> None:
    root = copy_tools(tmp_path)
    assert run_tool("get-uv", [shims, commands], root=root).returncode == 1
    working = write_program(tmp_path / "working", "uv", "#!/bin/sh\necho uv 1.0\n")
    result = run_tool("get-uv", [shims, working.parent, commands], root=root)
    assert (result.returncode, result.stdout) == (0, f"{working}\n")


def test_python_without_pip_and_venv_is_one_line_with_a_hint(commands: Path, shims: Path, tmp_path: Path) -> None:
    bare = write_program(tmp_path / "bare", "python3", BROKEN_SHIM)
    write_program(shims, "id", "#!/bin/sh\necho 1000\n")
    result = run_tool("get-uv", [shims, commands], str(bare), root=copy_tools(tmp_path))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{bare} has neither pip nor venv. Hint: ")
    assert result.stderr.count("\n") == 1


def copy_tools(tmp_path: Path) -> Path:
    """A checkout with the files that setup reads, and without .venv and .cache."""
    root = tmp_path / "checkout"
    root.mkdir()
    for name in ("tools", "requirements"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def write_working_uv(directory: Path) -> Path:
    """A uv that prints the settings that it would use instead of installing anything."""
    script = '#!/bin/sh\ncase $* in *sync*) echo "$UV_DEFAULT_INDEX $SSL_CERT_FILE $UV_PYTHON_DOWNLOADS";; esac\n'
    return write_program(directory, "uv", script)


def test_uv_may_bring_its_own_python_where_none_is_on_the_path(commands: Path, shims: Path, tmp_path: Path) -> None:
    uv = write_program(tmp_path / "working", "uv", '#!/bin/sh\n[ "$1" = venv ] && echo "$UV_PYTHON"\nexit 0\n')
    result = run_tool("setup", [shims, uv.parent, commands], root=copy_tools(tmp_path))
    assert (result.returncode, result.stdout, result.stderr) == (0, ">=3.11\n", "")


@pytest.mark.parametrize(
    ("settings", "environment", "expected"),
    [
        ("", {}, " never"),
        ("global.index-url='http://pip/simple'\nglobal.cert='/c.pem'", {}, "http://pip/simple /c.pem never"),
        (":env:.index-url='http://env/simple'\nglobal.index-url='http://pip/simple'", {}, "http://env/simple  never"),
        ("global.index-url='http://pip/simple'", {"UV_DEFAULT_INDEX": "http://uv/simple"}, "http://uv/simple  never"),
    ],
)
def test_index_of_pip_is_used_where_uv_has_none(
    settings: str, environment: dict[str, str], expected: str, commands: Path, shims: Path, tmp_path: Path
) -> None:
    root = copy_tools(tmp_path)
    (tmp_path / "settings").write_text(settings + "\n")
    write_working_uv(tmp_path / "working")
    write_program(
        tmp_path / "working",
        "python3",
        f'#!/bin/sh\n[ "$4" = list ] && exec cat {tmp_path}/settings\necho {tmp_path}/working/python3\n',
    )
    result = run_tool("setup", [shims, tmp_path / "working", commands], root=root, **environment)
    assert (result.returncode, result.stdout.strip()) == (0, expected.strip()), result.stderr


def check_lock(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", str(root / "tools" / "lock.py"), "--check"]
    return subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)


def test_changed_dependency_makes_the_requirement_files_stale(tmp_path: Path) -> None:
    root = copy_tools(tmp_path)
    assert check_lock(root).returncode == 0
    project = root / "pyproject.toml"
    project.write_text(project.read_text().replace('"httpx>=0.28"', '"httpx>=0.29"'))
    result = check_lock(root)
    assert result.returncode == 1
    assert result.stderr == (
        "requirements/uv.txt, requirements/run.txt, requirements/dev.txt do not match pyproject.toml. Hint: make lock\n"
    )


def test_other_change_of_the_project_file_keeps_the_requirement_files(tmp_path: Path) -> None:
    root = copy_tools(tmp_path)
    project = root / "pyproject.toml"
    project.write_text(project.read_text().replace("line-length = 120", "line-length = 100"))
    assert check_lock(root).returncode == 0


def test_pin_edited_by_hand_makes_its_file_stale(tmp_path: Path) -> None:
    root = copy_tools(tmp_path)
    pins = root / "requirements" / "dev.txt"
    pins.write_text(re.sub(r"^httpx==\S+", "httpx==0.28.0", pins.read_text(), flags=re.MULTILINE))
    result = check_lock(root)
    assert (result.returncode, result.stderr.split()[0]) == (1, "requirements/dev.txt")


def read_pins(name: str) -> dict[str, str]:
    """Package and marker to version."""
    lines = re.findall(
        r"^([a-z0-9-]+)(?:\[\S+\])?==(\S+)(?: ; (.*?))? \\$", (ROOT / "requirements" / name).read_text(), re.M
    )
    return {f"{package} ; {marker}": version for package, version, marker in lines}


def test_requirement_files_have_no_download_address() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        assert not re.search(r"://|^\s*-(?!-hash)", path.read_text(), re.MULTILINE), path.name


def test_development_pins_include_those_for_running() -> None:
    run, development = read_pins("run.txt"), read_pins("dev.txt")
    assert len(run) > 50
    missing = {pin for pin, version in run.items() if development.get(pin) != version}
    on_every_platform = {pin for pin in missing if development.get(f"{pin.partition(' ; ')[0]} ; ") == run[pin]}
    assert missing == on_every_platform
