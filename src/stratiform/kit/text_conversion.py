"""Conversion of texts, from the environment or from URLs, to the declared types of fields."""

from typing import Annotated, get_args, get_origin

import msgspec

from stratiform.kit.number_parsing import parse_int


def convert_text(text: object, annotation: object) -> object:
    """Convert a text to a type; an integer has ASCII digits only. Other values than texts are only checked.

    Raises: msgspec.ValidationError.
    """
    if not isinstance(text, str):
        return msgspec.convert(text, annotation)
    base = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if base is not int:
        return msgspec.convert(text, annotation, strict=False)
    number = parse_int(text)  # msgspec also accepts 1.0 and 1e3
    return msgspec.convert(text if number is None else number, annotation)
