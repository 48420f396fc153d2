"""Files that people bring: what they are, by their content, and the text in them, read in another process."""
