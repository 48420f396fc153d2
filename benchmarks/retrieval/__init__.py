"""Finding in documents: how often the right passage is among the first, by each way, as JSON too.

The documents are not ours: pages of the Debian Administrator's Handbook in English and in Spanish. They are
fetched when this runs, by apt, and stay in a folder that git ignores.
"""
