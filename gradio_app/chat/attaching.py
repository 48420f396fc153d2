"""The files of a question: which there are, whether the model can read them, and where they lie."""

from dataclasses import dataclass
from functools import partial

from gradio_app.chat import inputs
from gradio_app.chat.asking import RefusedError, TurnRequest
from gradio_app.chat.attachments import DOCUMENTS_OF_A_MESSAGE, FILES_OF_A_MESSAGE, File, Files, read_as
from gradio_app.chat.inputs import Reading, UnfitFileError
from gradio_app.chat.model import Models, file_tokens, short_name
from gradio_app.store.bucket import MissingObjectError
from gradio_app.store.files import AttachedFiles, Taken, UploadGoneError


@dataclass(frozen=True)
class Attached:
    """All files of a question that is about to be stored, and those of them that were uploads until now."""

    files: Files = ()
    taken: Taken = Taken()  # noqa: RUF009 (it cannot be changed)


class Attaching:
    """Attaches files to questions; without a store of them there are none."""

    def __init__(self, files: AttachedFiles | None, models: Models) -> None:
        self._files = files
        self._models = models

    def reading(self, asked: TurnRequest) -> Reading | None:
        """How the model of a request is given the files of its conversation."""
        if self._files is None:
            return None
        model_id = asked.choice.model_id
        where = (asked.user_id, asked.conversation_id)
        return Reading(
            self._models.abilities(model_id),
            file_tokens(model_id),
            partial(_content, self._files, where),
            partial(_text, self._files, where),
        )

    def find(self, asked: TurnRequest, replaced: Files, reading: Reading | None) -> tuple[Files, Files]:
        """The files of a question: those that stay of the one that it replaces, and uploads.

        Raises RefusedError for what the model cannot read, before anything is stored.
        """
        if self._files is None or reading is None:
            return (), ()
        uploads = self._files.uploads(asked.user_id, asked.uploads)
        if len(uploads) < len(set(asked.uploads)):
            raise RefusedError("upload_gone")
        kept = tuple(file for file in replaced if asked.kept is None or file.id in asked.kept)
        files = (*kept, *uploads)
        documents = sum(not file.is_image for file in files)
        if len(files) > FILES_OF_A_MESSAGE or documents > DOCUMENTS_OF_A_MESSAGE:
            raise RefusedError("too_many_files", most=FILES_OF_A_MESSAGE, documents=DOCUMENTS_OF_A_MESSAGE)
        try:
            inputs.check(reading.able, files)
        except UnfitFileError as unfit:
            raise RefusedError(unfit.reason, short_name(asked.choice.model_id)) from None
        how = inputs.plan(reading.able, files, reading.tokens)
        if inputs.LEFT_OUT in how.values():
            raise RefusedError("files_too_large")
        return read_as(kept, how), read_as(uploads, how)

    def take(self, asked: TurnRequest, kept: Files, uploads: Files) -> Attached:
        """Put the uploads into the conversation; raises RefusedError. `give_up` or `stored` follows."""
        if self._files is None or not uploads:
            return Attached(kept)
        try:
            taken = self._files.take(asked.user_id, asked.conversation_id, uploads)
        except UploadGoneError:
            raise RefusedError("upload_gone") from None
        return Attached((*kept, *taken.files), taken)

    def give_up(self, asked: TurnRequest, attached: Attached) -> None:
        """The question was not stored."""
        if self._files:
            self._files.give_up(asked.user_id, attached.taken)

    def stored(self, asked: TurnRequest, attached: Attached) -> None:
        """The question is stored."""
        if self._files and attached.taken.uploads:
            self._files.stored(asked.user_id, attached.taken)


def _content(files: AttachedFiles, where: tuple[str, str], file: File) -> bytes | None:
    try:
        return files.content(*where, file.id)
    except MissingObjectError:
        return None


def _text(files: AttachedFiles, where: tuple[str, str], file: File, most_bytes: int) -> str:
    try:
        return files.text(*where, file.id, most_bytes)
    except MissingObjectError:
        return ""
