"""Turns: what the model reads, the calls to it, what they cost, and answers while they are written."""
