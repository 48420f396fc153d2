"""All of a person's conversations: their page, what the chat's list shows of them, taking them along."""
