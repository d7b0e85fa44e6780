"""Detects secrets of a home that other users of the machine can access."""

import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

#: Files with passwords that the programs write.
_PASSWORD_FILES = ("clouds.yaml", "openrc")

_ACCESS_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def find_permission_warning(home: Path) -> str | None:
    """Return one line with the files of `home` that are too accessible and the command that protects them.

    A directory of keys is too accessible if others can replace its files, and so is a public key.
    """
    exposed = [file.relative_to(home) for file in sorted(_find_exposed(home))]
    if not exposed:
        return None
    names = ", ".join(map(str, exposed[:3])) + (f" and {len(exposed) - 3} more" if len(exposed) > 3 else "")
    targets = sorted({home / file.parts[0] for file in exposed})
    command = " ".join(["chmod -R go=", *(shlex.quote(str(target)) for target in targets)])
    return f"Warning: other users can access {names}; protect them with `{command}`"


def _find_exposed(home: Path) -> Iterator[Path]:
    keys = home / "keys"
    for path in (keys, *keys.rglob("*")):
        is_public = path.suffix == ".pub" or path.is_dir()
        if _has_mode(path, _WRITE_BY_OTHERS if is_public else _ACCESS_BY_OTHERS):
            yield path
    for name in _PASSWORD_FILES:
        if _has_mode(home / name, _ACCESS_BY_OTHERS):
            yield home / name
    settings = home / "stratiform.toml"
    if _has_mode(settings, _ACCESS_BY_OTHERS if _contains_secrets(settings) else _WRITE_BY_OTHERS):
        yield settings


def _has_mode(path: Path, bits: int) -> bool:
    try:
        return bool(path.stat().st_mode & bits)
    except OSError:  # it does not exist, or has just been replaced
        return False


def _contains_secrets(settings_file: Path) -> bool:
    if not _has_mode(settings_file, _ACCESS_BY_OTHERS):
        return False
    from stratiform.app.settings import Settings  # `status` does not need msgspec otherwise
    from stratiform.kit.settings import has_secrets

    return has_secrets(Settings, settings_file)
