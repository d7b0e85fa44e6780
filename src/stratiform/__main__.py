"""`python -m stratiform`."""

from stratiform.app.manage import run

run()
