"""What the container runs: the chat, its login and the gate in front of both."""
