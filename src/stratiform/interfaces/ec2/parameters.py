"""Parameters of the Query API: flat names such as `Filter.1.Value.2` as structures and lists.

Source: Amazon EC2 API reference, "Query requests".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stratiform.interfaces.ec2.errors import Ec2Error, InvalidId, InvalidParameterValue, MissingParameter
from stratiform.kit.number_parsing import parse_uint
from stratiform.services.compute.model.ec2_ids import decode_ec2_id

#: The kind of resource in error codes by prefix of its identifiers.
_KINDS = {
    "i": "InstanceID",
    "vol": "VolumeID",
    "snap": "SnapshotID",
    "ami": "AMIID",
    "sg": "GroupId",
    "sgr": "SecurityGroupRuleId",
    "subnet": "SubnetID",
    "vpc": "VpcID",
    "eni": "NetworkInterfaceID",
    "eipalloc": "AllocationID",
    "eipassoc": "AssociationID",
    "key": "KeyPairID",
}


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a request, or the members of one structure in it. `prefix` is the structure's name."""

    values: dict[str, str]
    prefix: str = ""

    @classmethod
    def parse(cls, pairs: Iterable[tuple[str, str]]) -> "Parameters":
        """Raises Ec2Error for a repeated name."""
        values: dict[str, str] = {}
        for name, value in pairs:
            if name in values:
                raise Ec2Error("InvalidParameterCombination", f"The parameter {name} is repeated.")
            values[name] = value
        return cls(values)

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def require(self, name: str) -> str:
        """Raises MissingParameter."""
        value = self.get(name)
        if not value:
            raise MissingParameter(self.prefix + name)
        return value

    def get_number(self, name: str, default: int) -> int:
        """Raises InvalidParameterValue unless it has digits only."""
        text = self.get(name)
        number = parse_uint(text) if text else default
        if number is None:
            raise InvalidParameterValue(self.prefix + name, text)
        return number

    def get_flag(self, name: str, *, default: bool = False) -> bool:
        """Raises InvalidParameterValue unless it is `true` or `false`."""
        text = self.get(name).lower()
        if text not in ("", "true", "false"):
            raise InvalidParameterValue(self.prefix + name, text)
        return text == "true" if text else default

    def require_id(self, prefix: str, name: str) -> str:
        """Return the UUID of a required identifier. Raises MissingParameter, InvalidId."""
        return parse_id(prefix, self.require(name))

    def list_ids(self, prefix: str, name: str) -> list[str]:
        """Return the UUIDs of `Name.1`, `Name.2`, … Raises InvalidId."""
        return [parse_id(prefix, value) for value in self.list_values(name)]

    def list_values(self, name: str) -> list[str]:
        """Return the texts of `Name.1`, `Name.2`, …"""
        return [members.values[""] for members in self.list_structures(name) if "" in members.values]

    def list_structures(self, name: str) -> Sequence["Parameters"]:
        """Return the structures `Name.1`, `Name.2`, … by number, each with its members."""
        by_number: dict[int, dict[str, str]] = {}
        for key, value in self.values.items():
            if key.startswith(f"{name}."):
                number, _, member = key.removeprefix(f"{name}.").partition(".")
                index = parse_uint(number)
                if index is not None:
                    by_number.setdefault(index, {})[member] = value
        return [Parameters(by_number[index], f"{self.prefix}{name}.{index}.") for index in sorted(by_number)]

    def get_structure(self, name: str) -> "Parameters":
        """Return the members of `Name.Member`, …"""
        members = {
            key.removeprefix(f"{name}."): value for key, value in self.values.items() if key.startswith(f"{name}.")
        }
        return Parameters(members, f"{self.prefix}{name}.")

    def get_tags(self, resource_type: str) -> dict[str, str]:
        """Return the tags of `TagSpecification.N` for a new resource."""
        return {
            tag.require("Key"): tag.get("Value")
            for specification in self.list_structures("TagSpecification")
            if specification.get("ResourceType") == resource_type
            for tag in specification.list_structures("Tag")
        }


def parse_id(prefix: str, value: str) -> str:
    """Return the UUID of an identifier with this prefix. Raises InvalidId."""
    resource_id = decode_ec2_id(prefix, value)
    if resource_id is None:
        raise InvalidId(_KINDS[prefix], value)
    return resource_id
