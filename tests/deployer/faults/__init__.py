"""Faults at the wire: each call of a command fails in turn, and what comes of it is looked at."""
