"""Application of an import plan through the REST API. It can be repeated: what exists already is kept or updated."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.cloud_import.completion import CompleteAccount
from stratiform.interfaces.cli.cloud_import.plan import PlannedBinding
from stratiform.interfaces.cli.errors import CliError

#: In place of a project in a binding: all projects that have no binding of their own.
_UNBOUND_PROJECTS = "*"


def apply_accounts(
    client: Client, accounts: Sequence[CompleteAccount], bindings: Sequence[PlannedBinding]
) -> Iterator[str]:
    """Add or update each account after checking its credentials, and bind it. Yield a line for each result.

    An account that fails does not prevent the others. Raises: CliError at the end if any failed, naming them, and
    before the first account for an unknown project.
    """
    for project in dict.fromkeys(binding.project for binding in bindings):
        if project != _UNBOUND_PROJECTS:
            client.get("bindings", project=project)  # fails if the project does not exist
    existing = {cloud["name"]: cloud for cloud in client.iterate_items("clouds", "clouds")}
    failures = []
    for account in accounts:
        problem = "failed"
        try:
            result, identity = _apply_account(client, account, existing.get(account.name))
            yield f"Cloud {account.name} {result}: {identity}"
            problem = f"{result}, but not bound"
            for binding in bindings:
                if binding.cloud == account.name:
                    yield _bind(client, binding)
        except CliError as error:
            failures.append(account.name)
            yield f"Cloud {account.name} {problem}: {error.message}{f' ({error.hint})' if error.hint else ''}"
    if failures:
        raise CliError(
            f"{len(failures)} of {len(accounts)} clouds failed: {', '.join(failures)}",
            "correct the file or the cloud, and run the command again",
        )


def _apply_account(client: Client, account: CompleteAccount, existing: dict[str, Any] | None) -> tuple[str, str]:
    """Return what was done with an account, and its identity in the cloud."""
    if existing is None:
        body = {"kind": account.kind, "name": account.name, "settings": dict(account.settings)}
        return "added", client.post("clouds", body)["identity"]
    if existing["kind"] != account.kind:
        raise CliError(
            f"a cloud of this name exists, and its kind is {existing['kind']}, not {account.kind}",
            "rename it in the file",
        )
    updated = client.put(f"clouds/{quote(account.name, safe='')}", {"settings": dict(account.settings)})
    return "unchanged" if updated["revision"] == existing["revision"] else "updated", updated["identity"]


def _bind(client: Client, binding: PlannedBinding) -> str:
    """Bind a project; an existing binding is returned by the API as it is."""
    result = client.post("bindings", {"project": binding.project, "cloud": binding.cloud})
    owner = "Projects without bindings" if binding.project == _UNBOUND_PROJECTS else f"Project {binding.project}"
    return f"{owner} bound to {binding.cloud} in availability zone {result['zone']}"
