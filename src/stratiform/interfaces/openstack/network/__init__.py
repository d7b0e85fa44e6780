"""Translates the Network API. Does not own: any rule of it."""
