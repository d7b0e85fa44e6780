"""`python -m stratiform`."""

from stratiform.app.commands import run

run()
