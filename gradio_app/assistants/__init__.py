"""Instructions and assistants: their page, which works without a script."""
