"""Translates the Volume API. Does not own: any rule of it."""
