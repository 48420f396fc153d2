"""One container engine, one registry and one build of the image for all the container tests."""

import fcntl
import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from source import image_tag, source_zip
from tests.container import codebuild
from tests.container.engine import Engine, running_engine
from tests.container.registry import PASSWORD, Registry, running_registry
from tests.container.wait_handle import waiting_stack

REPOSITORY = Path(__file__).parents[2]
SHIMS = Path(__file__).parent / "shims"
STORES = REPOSITORY / ".local" / "container-tests"
LOCK = REPOSITORY / ".local" / "container-tests.lock"
COSTLY_LAYERS = ("Dockerfile", "requirements/app.txt", "tests/container/stand_in_base.sh")

ENGINE_TOOLS = ("buildah", "podman", "crun", "mmdebstrap", "unshare", "nsenter", "docker-registry")
SIGNAL_TOOLS = ("bash", "curl", "jq")


@dataclass(frozen=True)
class Workshop:
    """What a build needs: the engine that builds and the registry that takes the image."""

    engine: Engine
    registry: Registry
    calls: Path

    def environment(self, tag: str, handle_url: str) -> dict[str, str]:
        """The environment of a CodeBuild project, and what the shims in front of PATH need."""
        return {
            **self.engine.environment,
            "PATH": f"{SHIMS}:{os.environ['PATH']}",
            "REPOSITORY_URI": f"{self.registry.host}/asistente",
            "IMAGE_TAG": tag,
            "WAIT_HANDLE_URL": handle_url,
            "REGISTRY_PASSWORD": PASSWORD,
            "DOCKER_CALLS": str(self.calls),
        }

    def build(self, source: Path, environment: dict[str, str]) -> codebuild.Build:
        """Run the buildspec of `source`."""
        return codebuild.run(source, environment, wrap=lambda line: self.engine.command(*line, folder=source))


@dataclass(frozen=True)
class Built:
    """The image as the build left it in the registry, and how the build went."""

    tag: str
    image: str
    build: codebuild.Build
    signals: list[dict[str, str]]


def need(*tools: str, root: bool = False) -> None:
    """Skip the test when this machine lacks a tool; with CI=true, fail it: there nothing may be left out."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if root and os.geteuid() != 0:
        missing.append("the rights of root")
    if missing:
        reason = f"needs {', '.join(missing)} (as root, tests/container/install-engine.sh installs the tools)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


def unpack_source(folder: Path) -> Path:
    """Unpack the source that the deployment uploads, and nothing else, into the new folder `folder`."""
    with zipfile.ZipFile(io.BytesIO(source_zip(REPOSITORY))) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def signal_tools() -> None:
    """The tools with which buildspec.yml signals."""
    need(*SIGNAL_TOOLS)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """An engine and an empty registry."""
    need(*ENGINE_TOOLS, *SIGNAL_TOOLS, root=True)
    folder = tmp_path_factory.mktemp("workshop")
    with running_engine(_store()) as engine, running_registry(folder / "registry") as registry:
        yield Workshop(engine, registry, folder / "docker-calls.txt")


@pytest.fixture(scope="module")
def built(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The image, built and pushed once by the unmodified buildspec out of the source that is deployed."""
    source = unpack_source(tmp_path_factory.mktemp("source"))
    tag = image_tag(REPOSITORY)
    # Of two files of tests at once, one builds and the other finds each step done.
    with waiting_stack() as handle, LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        environment = workshop.environment(tag, handle.url)
        build = workshop.build(source, environment)
    assert build.succeeded, build.log
    return Built(tag, f"{environment['REPOSITORY_URI']}:{tag}", build, handle.signals)


def _store() -> Path:
    """Where images outlive the run, so that an unchanged step of the next build costs nothing.

    There is one store for what the costly layers are made of; those of former times are removed.
    """
    content = b"".join((REPOSITORY / name).read_bytes() for name in COSTLY_LAYERS)
    store = STORES / hashlib.sha256(content).hexdigest()[:16]
    for other in STORES.glob("*"):
        if other != store:
            shutil.rmtree(other)
    return store
