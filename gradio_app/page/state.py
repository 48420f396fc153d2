"""What Gradio would remember of each open page, and need not: the browser has the page, the table the chat.

Gradio keeps, for each of the last 10,000 pages, a copy of every component that an event has updated, with its
value: the whole conversation. Only a `gr.State`, a `gr.render` and a deep link ever read it again, and our
page has none of them. So here the memory of a page lasts for one step of one event.
"""

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder
from starlette.routing import Mount

if TYPE_CHECKING:
    from gradio import Blocks


class StepState(SessionState):
    """The components as they were built, and those that the step itself puts in their place.

    An update of a component is sent to the browser in full; the next step starts from what was built again.
    """

    def __init__(self, blocks: "Blocks") -> None:
        # Not Gradio's own: that one describes every component anew, 185 kB and some ten milliseconds.
        self.blocks_config = blocks.default_config
        self.config_values: dict[int, Any] = {}
        self.state_data: dict[int, Any] = {}
        self.is_closed = False
        self._updated: dict[int, Any] = {}

    def __getitem__(self, key: int) -> Any:
        return self._updated[key] if key in self._updated else self.blocks_config.blocks[key]

    def __setitem__(self, key: int, value: Any) -> None:
        self._updated[key] = value

    def __contains__(self, key: object) -> bool:
        return key in self._updated or key in self.blocks_config.blocks

    def _update_config(self, key: int) -> None:
        """For deep links, which are switched off."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """For deep links, which are switched off."""


class NoMemory(StateHolder):
    """Hands out a new state at each step, and keeps none."""

    def __getitem__(self, session_id: str) -> StepState:
        return StepState(self.blocks)

    def __contains__(self, session_id: str) -> bool:
        return False


def keep_no_pages(app: FastAPI, page: "Blocks") -> None:
    """Take the memory of pages away from Gradio's application, which is mounted in this one."""
    [mounted] = (route.app for route in app.routes if isinstance(route, Mount) and isinstance(route.app, App))
    mounted.state_holder = NoMemory()
    mounted.state_holder.set_blocks(page)
