"""What the page says of a model's reasoning, in every language."""

THOUGHT = {
    "en": {"now": "Thinking…", "done": "Thought for {seconds} s"},
    "es": {"now": "Pensando…", "done": "Pensó durante {seconds} s"},
    "pt": {"now": "Pensando agora…", "done": "Pensou por {seconds} s"},
}
