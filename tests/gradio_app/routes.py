"""Every route that the application has, Gradio's own included, found in the running application."""

import re
from collections.abc import Iterator

from starlette.routing import BaseRoute, Mount

from tests.gradio_app.fakes import World


def every_path(world: World) -> list[str]:
    """The paths of all routes, with their parameters in braces."""
    found = set(_paths(world.application.inner.routes))
    assert "/gradio_api/queue/join" in found, "Gradio's own routes are among them"
    assert len(found) > 60
    return sorted(found)


def filled(path: str) -> str:
    """A path with something plausible in its parameters."""
    return re.sub(r"\{[^}]*\}", "x", path)


def _paths(routes: list[BaseRoute], prefix: str = "") -> Iterator[str]:
    for route in routes:
        path = prefix + getattr(route, "path", "")
        if isinstance(route, Mount):
            yield path or "/"
            yield from _paths(route.routes, path)
        elif router := getattr(route, "original_router", None):  # FastAPI's included router
            yield from _paths(router.routes, prefix)
        else:
            yield path
