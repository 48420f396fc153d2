"""The image: what a task downloads of it, and how soon it serves on a share of a processor."""
