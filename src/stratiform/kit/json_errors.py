"""Errors of texts from outside that are not JSON."""

import msgspec

#: What `msgspec.json.decode` raises, for texts that are not UTF-8 or too deeply nested, too.
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
