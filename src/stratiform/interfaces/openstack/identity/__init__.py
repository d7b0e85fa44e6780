"""Translates the Identity API. Does not own: any rule of it."""
