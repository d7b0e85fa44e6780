"""Logging to standard error, one line per record, with secrets redacted."""

import logging
import re
import sys

_SECRETS = re.compile(
    r"""(?ix)
    ( (?:x-(?:auth|subject)-token|password|secret(?:[_-]?(?:access)?[_-]?key)?|token|credential)["']?\s*[:=]\s*["']?)
    [^\s"',}&]+
    | (://[^:/@\s]+:)[^@/\s]+(?=@)
    """
)


def redact_secrets(text: str) -> str:
    """Replace the values of passwords, tokens and keys, and passwords in URLs, by `***`."""
    return _SECRETS.sub(lambda match: (match[1] or match[2]) + "***", text)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact_secrets(super().format(record))


def configure_logging(level: str = "INFO") -> None:
    """Configure the root logger; libraries log only warnings and errors."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for library in ("alembic", "boto3", "botocore", "urllib3", "oslo.messaging", "amqp", "httpx"):
        logging.getLogger(library).setLevel(logging.WARNING)
