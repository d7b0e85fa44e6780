"""The keys of a home: created at the first start, checked at every later one."""

from pathlib import Path

from stratiform.kit.database import Database
from stratiform.kit.errors import Conflict
from stratiform.kit.ids import RandomIds
from stratiform.kit.installation_keys import InstallationKeys, KeyProblem, read_evidence, save_evidence

_HINT = "restore the folder keys from a backup, or from another home of the installation; see `stratiform keys replace`"


def prepare_keys(home: Path, database: Database) -> None:
    """Create the keys at the first start, and store evidence of them. Raises Conflict as `check_keys`."""
    keys = InstallationKeys(home / "keys")
    with database.read_transaction() as db:
        evidence = read_evidence(db)
    if evidence:
        _restore_id(keys, evidence)
        _require_valid(home, keys.list_problems(evidence))
    else:
        keys.create(RandomIds())
    current = keys.describe(evidence)
    if current != evidence:
        with database.transaction() as db:
            save_evidence(db, current)


def check_keys(home: Path, database: Database) -> None:
    """Raises Conflict, with a line for each key, if keys of the database are lost or corrupt."""
    with database.read_transaction() as db:
        evidence = read_evidence(db)
    if evidence:
        _require_valid(home, InstallationKeys(home / "keys").list_problems(evidence))


def replace_key(home: Path, database: Database, name: str) -> None:
    """Replace a lost key. Raises Conflict if the installation has not been started yet."""
    with database.transaction() as db:
        evidence = read_evidence(db)
        if not evidence:
            raise Conflict("The database has no keys yet", hint="`stratiform up` creates them")
        save_evidence(db, InstallationKeys(home / "keys").replace(name, evidence))


def save_ledger_notes(home: Path, database: Database) -> None:
    """Store the public notes of the ledger keys, so that they survive the loss of the files."""
    keys = InstallationKeys(home / "keys")
    with database.transaction() as db:
        evidence = read_evidence(db)
        if evidence:
            save_evidence(db, {"ledger": keys.merge_ledger_notes(evidence["ledger"])})


def _restore_id(keys: InstallationKeys, evidence: dict[str, str]) -> None:
    """Write the ID from the database if it is the only thing that is missing: it is not secret."""
    problems = keys.list_problems(evidence)
    if evidence["installation"] and [problem.problem for problem in problems] == ["missing"]:
        keys.write_id(evidence["installation"])


def _require_valid(home: Path, problems: list[KeyProblem]) -> None:
    if problems:
        lines = [f"Keys of {home} are lost or corrupt, so nothing was started:", *map(str, problems)]
        raise Conflict("\n  ".join(lines), hint=_HINT)
