"""Migrations of the database schema. Owns: its revisions. Does not own: the current tables, which services declare."""

#: The newest revision, so that a program that starts on a current database need not load the revisions.
HEAD = "0099"

#: The oldest revision that can be upgraded. Development versions before it are not supported.
OLDEST = "0086"
