"""The chat's page: all that is Gradio."""

from gradio_app.page import runtime

runtime.prepare()
