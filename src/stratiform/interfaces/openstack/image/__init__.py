"""Translates the Image API. Does not own: any rule of it."""
