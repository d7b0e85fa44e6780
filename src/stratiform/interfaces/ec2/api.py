"""The declaration of actions. Source: Amazon EC2 API reference, "Actions"."""

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TypeVar

from stratiform.interfaces.ec2.parameters import Parameters
from stratiform.interfaces.ec2.xml_format import Value
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.policy import Caller, Rule

_ROUTES = "stratiform.interfaces.ec2.routes"

#: The values of a response by name.
Response = Mapping[str, Value]

#: Returns the context of an authenticated request in a transaction. Raises AuthenticationFailed.
Authenticate = Callable[[Connection], RequestContext]


@dataclass(frozen=True, slots=True)
class Ec2Request:
    """One request. `context` is None for actions that manage their transactions."""

    parameters: Parameters
    services: Services
    authenticate: Authenticate
    context: RequestContext | None = None

    @property
    def ctx(self) -> RequestContext:
        assert self.context is not None, "this action manages its own transactions"
        return self.context

    @property
    def caller(self) -> Caller:
        return self.ctx.caller

    @property
    def project_id(self) -> str:
        """The project of the credential."""
        return self.caller.require_project_id()

    @contextmanager
    def read_transaction(self) -> Iterator[RequestContext]:
        """Open a transaction that only reads."""
        with self.services.database.read_transaction() as db:
            yield self.authenticate(db)

    @contextmanager
    def write_transaction(self) -> Iterator[RequestContext]:
        """Open a transaction that is committed at the end."""
        with self.services.database.transaction() as db:
            yield self.authenticate(db)
        self.services.wake()


Function = Callable[[Ec2Request], Response]
F = TypeVar("F", bound=Function)


@dataclass(frozen=True, slots=True)
class Ec2Action:
    """One action. The rule is checked before parameters are read; the services check it for the actual resource."""

    name: str
    rule: Rule
    function: Function
    manages_transactions: bool = False

    @property
    def is_read_only(self) -> bool:
        return self.name.startswith(("Describe", "Get"))


ACTIONS: dict[str, Ec2Action] = {}


def action(name: str, rule: Rule, *, manages_transactions: bool = False) -> Callable[[F], F]:
    """Declare the function of an action."""

    def declare(function: F) -> F:
        ACTIONS[name] = Ec2Action(name, rule, function, manages_transactions)
        return function

    return declare


def import_actions() -> Mapping[str, Ec2Action]:
    """Import every module that declares actions, and return the actions by name."""
    package = import_module(_ROUTES)
    for module in pkgutil.iter_modules(package.__path__, f"{_ROUTES}."):
        import_module(module.name)
    return ACTIONS
