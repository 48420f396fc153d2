"""Documents: finding, rewording, citations, parsing, a newcomer's first one, and what work on them takes from
answers; as JSON too.

The documents are not ours: pages of the Debian Administrator's Handbook in English and in Spanish, and what
the authors of parsers test with. They are fetched when this runs, by apt and pip, and stay in a folder that
git ignores.
"""
