"""Owns: the Networking API v2.0. Does not own: any rule of it."""
