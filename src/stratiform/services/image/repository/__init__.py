"""Every query about images, and their bytes."""
