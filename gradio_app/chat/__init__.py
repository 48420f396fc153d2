"""The chat: its page, the conversations behind it, the calls to the model and what they may cost."""

from gradio_app.chat import runtime

runtime.prepare()
