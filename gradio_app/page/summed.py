"""The summary of what is old, at its place in the conversation: HTML, a pure function."""

from gradio_app.chat.conversation import Conversation
from gradio_app.page.encoding import encoded
from gradio_app.page.summed_texts import SUMMED


def summed(conversation: Conversation, language: str) -> str:
    """What stands behind the last turn that the summary tells of; `static/summaries.js` takes it back.

    Gradio's sanitizer leaves a button its class and its value.
    """
    words = SUMMED[language]
    return (
        f'<details class="summed"><summary>{encoded(words["title"])}</summary>'
        f'<div class="typed" dir="auto">{encoded(conversation.summary)}</div>'
        f'<div class="about">{encoded(words["about"])}</div>'
        f'<button type="button" class="take-back" value="{conversation.summarized_to}">'
        f"{encoded(words['take_back'])}</button></details>"
    )
