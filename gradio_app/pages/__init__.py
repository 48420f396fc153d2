"""The pages around the chat: what those of the sign-in and of the documents have in common."""
