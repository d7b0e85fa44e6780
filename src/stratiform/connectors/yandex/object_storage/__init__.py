"""Object Storage: a bucket through which images are imported."""
