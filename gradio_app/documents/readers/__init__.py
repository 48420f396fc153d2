"""One module for each family of files. `read(content, collector)` puts the text into the collector.

They run in the child only. What they raise besides `Unreadable` is a broken file.
"""
