"""The stores of image data: folders, buckets, and web servers. Nothing here uses the database."""
