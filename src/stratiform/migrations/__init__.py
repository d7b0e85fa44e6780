"""Migrations of the database schema. Owns: its revisions. Does not own: the current tables, which services declare."""

#: The newest revision, so that a program that starts on a current database need not load the revisions.
HEAD = "0087"
