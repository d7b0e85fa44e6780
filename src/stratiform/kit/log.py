"""Logging: one line an entry on standard error, with everything that looks like a secret taken out."""

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


def hide_secrets(text: str) -> str:
    """`text` with the values of passwords, tokens, keys and of URLs' passwords replaced by ***."""
    return _SECRETS.sub(lambda found: (found[1] or found[2]) + "***", text)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return hide_secrets(super().format(record))


def set_up(level: str = "INFO") -> None:
    """Send the log of the whole program to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("alembic", "boto3", "botocore", "urllib3", "oslo.messaging", "amqp", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
