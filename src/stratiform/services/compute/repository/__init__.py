"""Every query of compute."""
