"""Texts from outside that are not JSON are handled in one way: also those that are too deeply nested."""

import ast

from support.source import modules

#: `msgspec.json.decode` raises these, and RecursionError; kit/json_errors.py has all of them.
ERRORS = {"msgspec.DecodeError", "msgspec.MsgspecError"}

#: Readers of another format, and of errors one by one.
OTHERS = {"services/identity/service/web_sign_in.py", "services/ingest/parsing/payload_values.py"}


def test_handlers_of_invalid_json_handle_deep_nesting() -> None:
    violations = [
        f"{name}:{node.lineno}: {ast.unparse(node.type)}"
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        if name not in OTHERS
        if ERRORS & {ast.unparse(part) for part in ast.walk(node.type) if isinstance(part, ast.Attribute)}
        if not any(isinstance(part, ast.Name) and part.id == "RecursionError" for part in ast.walk(node.type))
    ]
    assert violations == []
