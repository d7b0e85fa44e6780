"""What compute can answer instead, in Nova's words. Source: nova/exception.py's texts as the API shows them."""

from stratiform.kit.errors import Conflict, Invalid, NotFound


class ServerNotFound(NotFound):
    """There is no such server, or not for this caller."""

    def __init__(self, server_id: str) -> None:
        super().__init__(f"Instance {server_id} could not be found.")


class FlavorNotFound(NotFound):
    """There is no such flavor, or not for this project."""

    def __init__(self, flavor_id: str) -> None:
        super().__init__(f"Flavor {flavor_id} could not be found.")


class KeyPairNotFound(NotFound):
    """This user has no key pair of that name."""

    def __init__(self, name: str, user_id: str) -> None:
        super().__init__(f"Keypair {name} not found for user {user_id}")


class WrongState(Conflict):
    """The server is not in a state that allows the action; `attribute` is vm_state or task_state."""

    def __init__(self, action: str, server_id: str, attribute: str, state: str) -> None:
        super().__init__(f"Cannot '{action}' instance {server_id} while it is in {attribute} {state}")


class Locked(Conflict):
    """The server is locked, and the caller may not override that."""

    def __init__(self, server_id: str) -> None:
        super().__init__(f"Instance {server_id} is locked")


class InvalidField(Invalid):
    """One field of the request is wrong, told as Nova's schema validation does."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(f"Invalid input for field/attribute {field}. Value: {value}. {reason}")
