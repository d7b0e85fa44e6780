"""`stratiform import`: converts Almanach's configuration file, of any release, to stratiform.toml."""

from stratiform.app.almanach_import.command import import_almanach

__all__ = ["import_almanach"]
