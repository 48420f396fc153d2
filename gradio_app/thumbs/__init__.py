"""Thumbs on answers: where our script gives them, and the page on which administrators see them."""
