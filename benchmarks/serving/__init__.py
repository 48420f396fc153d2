"""What one task takes: memory, processor time of long conversations, the event loop under hostile text.

The application runs as in a container, in a process of its own; the emulator and a model that answers at once
what it is told are others.
"""
