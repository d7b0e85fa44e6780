"""Extensions."""

from msgspec import Struct


class Extension(Struct):
    alias: str
    name: str
    description: str
    updated: str
    links: list[str] = []


class ExtensionResponse(Struct):
    extension: Extension


class ExtensionsResponse(Struct):
    extensions: list[Extension]
