"""Sellers and customers, as documents name them."""

from dataclasses import dataclass

from babel.core import get_global

from stratiform.kit.errors import Invalid

_MAX_LENGTH = 200
_MAX_ADDRESS_LINES = 10


@dataclass(frozen=True, slots=True)
class Party:
    """A seller or a customer. `country` is a code of two letters (ISO 3166)."""

    legal_name: str = ""
    address: tuple[str, ...] = ()
    country: str = ""
    tax_id: str = ""


def check_party(party: Party) -> Party:
    """Return `party`. Its characters are not checked. Raises: Invalid"""
    texts = (party.legal_name, party.tax_id, *party.address)
    if any(len(text) > _MAX_LENGTH for text in texts):
        raise Invalid(f"Names, tax IDs and address lines must have at most {_MAX_LENGTH} characters")
    if len(party.address) > _MAX_ADDRESS_LINES:
        raise Invalid(f"An address must have at most {_MAX_ADDRESS_LINES} lines")
    if party.country and not (len(party.country) == 2 and party.country in get_global("territory_languages")):
        raise Invalid(f"country: '{party.country}' is not a country code (ISO 3166)", hint="use two capital letters")
    return party
