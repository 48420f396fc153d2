"""The pages around the chat: sign-in and its steps, the account, and errors; they work without JavaScript."""
