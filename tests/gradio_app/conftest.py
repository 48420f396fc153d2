"""What tests of the table, of turns and of the page take."""

from tests.gradio_app.chatting import chatting, dynamodb, fake, models, s3, store, table
from tests.gradio_app.windows import one_window

__all__ = ["chatting", "dynamodb", "fake", "models", "one_window", "s3", "store", "table"]
