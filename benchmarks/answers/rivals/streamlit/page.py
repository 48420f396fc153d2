"""What Streamlit's page shows of a chat: texts in places that are numbered as they stand."""

Place = tuple[int, ...]


class Page:
    """Texts by their places."""

    def __init__(self) -> None:
        self._texts: dict[Place, str] = {}
        self._wanted = ""
        self._question: Place = ()

    def asked(self, question: str) -> None:
        """The answer that counts from now on is the one beneath this question, once it is shown."""
        self._wanted, self._question = question, ()

    def show(self, place: Place, text: str) -> None:
        """Put a text where another one may be."""
        self._texts[place] = text
        if text == self._wanted and place > self._question:
            self._question = place

    @property
    def answer(self) -> str:
        """All that stands beneath the question."""
        if not self._question:
            return ""
        return "".join(text for place, text in sorted(self._texts.items()) if place > self._question)
