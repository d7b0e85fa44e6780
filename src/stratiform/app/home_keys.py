"""The keys of a home: created at the first start, checked at every later one."""

from pathlib import Path

from stratiform.kit.database import Database
from stratiform.kit.errors import Conflict
from stratiform.kit.ids import RandomIds
from stratiform.kit.installation_keys import InstallationKeys, KeyProblem, read_check_values, save_check_values

_HINT = "restore the directory keys from a backup or another home of the installation; see `stratiform keys replace`"


def prepare_keys(home: Path, database: Database) -> None:
    """Create the keys at the first start, and store check values of them. Raises Conflict as `check_keys`."""
    keys = InstallationKeys(home / "keys")
    with database.read_transaction() as db:
        check_values = read_check_values(db)
    if check_values:
        _restore_id(keys, check_values)
        _require_valid(home, keys.list_problems(check_values))
    else:
        keys.create(RandomIds())
    current = keys.describe(check_values)
    if current != check_values:
        with database.transaction() as db:
            save_check_values(db, current)


def check_keys(home: Path, database: Database) -> None:
    """Raises Conflict, with a line for each key, if keys of the database are lost or corrupt."""
    with database.read_transaction() as db:
        check_values = read_check_values(db)
    if check_values:
        _require_valid(home, InstallationKeys(home / "keys").list_problems(check_values))


def replace_key(home: Path, database: Database, name: str) -> None:
    """Replace a lost key. Raises Conflict if the installation has not been started yet."""
    with database.transaction() as db:
        check_values = read_check_values(db)
        if not check_values:
            raise Conflict("The database has no keys yet", hint="`stratiform up` creates them")
        save_check_values(db, InstallationKeys(home / "keys").replace(name, check_values))


def save_ledger_notes(home: Path, database: Database) -> None:
    """Store the public notes of the ledger keys, so that they survive the loss of the files."""
    keys = InstallationKeys(home / "keys")
    with database.transaction() as db:
        check_values = read_check_values(db)
        if check_values:
            save_check_values(db, {"ledger": keys.merge_ledger_notes(check_values["ledger"])})


def _restore_id(keys: InstallationKeys, check_values: dict[str, str]) -> None:
    """Write the ID from the database if it is the only thing that is missing: it is not secret."""
    problems = keys.list_problems(check_values)
    if [problem.problem for problem in problems] == ["missing"]:
        keys.write_id(check_values["installation"])


def _require_valid(home: Path, problems: list[KeyProblem]) -> None:
    if problems:
        lines = [f"Keys in {home} are lost or corrupt, so nothing was started:", *map(str, problems)]
        raise Conflict("\n  ".join(lines), hint=_HINT)
