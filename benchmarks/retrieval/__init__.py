"""Finding in documents, what answers cite of them, and reading them: shares with intervals, as JSON too.

The documents are not ours: pages of the Debian Administrator's Handbook in English and in Spanish, and sample
files of parsers. They are fetched when this runs, by apt and pip, and stay in a folder that git ignores.
"""
