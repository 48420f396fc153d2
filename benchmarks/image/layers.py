"""The layers of the image, compressed as a registry keeps them."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import CannotMeasure
from tests.container.engine import Engine, base_image

MADE_BY_CHARACTERS = 70


@dataclass(frozen=True)
class Layer:
    """One of them; `made_by` is the line of the Dockerfile that makes it."""

    bytes: int
    made_by: str
    is_base: bool


def layers(engine: Engine, image: str, source: Path) -> list[Layer]:
    """Build the image and push it into a folder; from the base's layers on. Raises CannotMeasure."""
    built = ("build", "--isolation", "chroot", "--format", "docker", "--pull-never", "--quiet", "--layers")
    with tempfile.TemporaryDirectory() as folder:
        try:
            engine.run("buildah", *built, "--tag", image, str(source))
            below = len(_pushed(engine, base_image(), Path(folder) / "base"))
            pushed = _pushed(engine, image, Path(folder) / "image")
        except AssertionError as error:
            raise CannotMeasure(f"The image could not be built: {error}") from error
    (told,) = json.loads(engine.run("podman", "image", "inspect", image))
    made = [each["created_by"] for each in told["History"] if not each.get("empty_layer")]
    return [
        Layer(size, " ".join(line.split())[:MADE_BY_CHARACTERS], number < below)
        for number, (size, line) in enumerate(zip(pushed, made, strict=True))
    ]


def _pushed(engine: Engine, image: str, folder: Path) -> list[int]:
    """The bytes of each layer, in the order in which they lie upon each other."""
    engine.run("buildah", "push", "--quiet", image, f"oci:{folder}")
    index = _blob(folder, json.loads((folder / "index.json").read_text())["manifests"][0]["digest"])
    return [layer["size"] for layer in index["layers"]]


def _blob(folder: Path, digest: str) -> dict[str, Any]:
    return json.loads((folder / "blobs" / digest.replace(":", "/", 1)).read_text())
