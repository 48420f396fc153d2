"""What a build tells CloudFormation: the signal that buildspec.yml sends when it is done."""

import json
import threading
import urllib.request
from collections.abc import Mapping
from typing import Literal

SIGNAL_TIMEOUT_SECONDS = 10


def play_build(environment: Mapping[str, str]) -> None:
    """Report the build of this environment as done, as `buildspec.yml` does after its push.

    Args:
        environment: the CodeBuild project's variables: WAIT_HANDLE_URL, IMAGE_TAG, REPOSITORY_URI.

    Raises:
        OSError: the handle did not take the signal.
    """
    image = f"{environment['REPOSITORY_URI']}:{environment['IMAGE_TAG']}"
    signal_build(environment, "SUCCESS", "The image is in the repository.", data=image)


def hold_build(_: Mapping[str, str]) -> None:
    """Let the build of this environment never end; whoever wants to may signal in its place."""
    threading.Event().wait()


def signal_build(
    environment: Mapping[str, str], status: Literal["SUCCESS", "FAILURE"], reason: str, *, data: str = ""
) -> None:
    """PUT one signal to the build's wait condition handle.

    Raises:
        OSError: the handle did not take the signal.
    """
    signal = {"Status": status, "UniqueId": environment["IMAGE_TAG"], "Data": data, "Reason": reason}
    request = urllib.request.Request(  # noqa: S310  (the emulator made this URL)
        environment["WAIT_HANDLE_URL"],
        data=json.dumps(signal).encode(),
        # CloudFormation refuses a signal whose Content-Type is not empty.
        headers={"Content-Type": ""},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=SIGNAL_TIMEOUT_SECONDS):  # noqa: S310
        pass
