"""Storing what a file brings: conversations, and of an account its person's instructions and assistants."""

from collections.abc import Iterator, Sequence

from gradio_app.assistants.given import Offered, as_offered
from gradio_app.chat.assistant import OWN, Label, Says
from gradio_app.conversations.importing import SOME_ASSISTANTS, Brought, read
from gradio_app.store.assistants import StoredAssistants, TooManyAssistantsError
from gradio_app.store.importing import Importing
from gradio_app.store.instructions import OwnInstructions


class BringingIn:
    """Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(
        self,
        importing: Importing,
        assistants: StoredAssistants,
        instructions: OwnInstructions,
        offered: Offered,
    ) -> None:
        self._importing = importing
        self._assistants = assistants
        self._instructions = instructions
        self._offered = offered

    def steps(self, user_id: str, content: bytes, untitled: str) -> Iterator[list[str] | None]:
        """Store what is in a file, a piece at each step; the last says what of it stays behind.

        That are names of texts. Nothing that is there is changed: a person who has instructions keeps them.
        Raises UnfitFileError and BusyError, before anything is stored, and FullError.
        """
        brought = read(content, self._offered, untitled)
        yield None
        run = self._importing.begin(user_id, content)
        yield from self._importing.store(run, brought.conversations)
        left = self._of_account(user_id, brought)
        self._importing.end(run)
        yield left

    def _of_account(self, user_id: str, brought: Brought) -> list[str]:
        """Store the instructions and assistants; what of all the file stays behind."""
        left = list(brought.left)
        if brought.instructions:
            own = self._instructions.find(user_id)
            if not own:
                self._instructions.keep(user_id, brought.instructions)
            elif own != brought.instructions:
                left.append("left_instructions")
        try:
            self._add(user_id, brought.assistants)
        except TooManyAssistantsError:
            left.append(SOME_ASSISTANTS)
        return left

    def _add(self, user_id: str, assistants: Sequence[Says]) -> None:
        """Put them on their person's shelf, but for those that stand there; however many, few are read."""
        labels = self._assistants.on(user_id, OWN)
        there: dict[str, set[Says]] = {}
        for says in dict.fromkeys(assistants):
            if says.name not in there:
                there[says.name] = self._named(user_id, says.name, labels)
            if says not in there[says.name]:
                self._assistants.add(user_id, OWN, says)

    def _named(self, user_id: str, name: str, labels: Sequence[Label]) -> set[Says]:
        """What those of a name on the shelf say, without what the file's are without."""
        found = (self._assistants.find(user_id, OWN, label.id) for label in labels if label.name == name)
        return {as_offered(each.says, self._offered) for each in found if each}
