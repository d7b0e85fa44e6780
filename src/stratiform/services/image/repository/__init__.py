"""Queries of the image service, and the store of image data."""
