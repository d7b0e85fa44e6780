"""Translates the Compute API. Does not own: any rule of it."""
