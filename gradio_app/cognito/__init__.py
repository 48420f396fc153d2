"""The user pool: who may sign in, and with what."""
