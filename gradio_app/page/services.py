"""What the page's events work with."""

from dataclasses import dataclass

from gradio_app.chat.instructing import Assistants
from gradio_app.chat.lookup import Documents
from gradio_app.chat.running import Running
from gradio_app.chat.turns import Turns
from gradio_app.settings import Settings
from gradio_app.store.conversations import Conversations
from gradio_app.store.drafts import Drafts
from gradio_app.store.files import AttachedFiles
from gradio_app.store.instructions import OwnInstructions
from gradio_app.store.preferences import Preferences
from gradio_app.store.temporary import Temporaries
from gradio_app.store.thumbs import Thumbs


@dataclass(frozen=True, kw_only=True)
class ChatServices:
    """The chat behind the page."""

    turns: Turns
    store: Conversations
    files: AttachedFiles
    drafts: Drafts
    preferences: Preferences
    instructions: OwnInstructions
    assistants: Assistants
    thumbs: Thumbs
    temporaries: Temporaries
    running: Running
    settings: Settings
    documents: Documents | None = None
    """None where there are none to ask."""
