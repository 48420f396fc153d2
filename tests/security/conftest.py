"""The running application that the tests of this folder look at."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.chatting import bedrock_client
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.tables import create_table
from tests.gradio_app.windows import one_window
from tests.security.certificates import Certificate, make_certificate
from tests.security.site import VOUCHED_FOR, Site, running_site

__all__ = ["one_window"]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeBedrock]:
    with FakeBedrock() as fake:
        yield fake


@pytest.fixture(scope="module")
def site(emulator: RunningEmulator, fake: FakeBedrock, certificate: Certificate) -> Iterator[Site]:
    """The application with a table of its own; each test adds the users that it needs."""
    client, table = emulator.client("dynamodb"), f"site-{uuid4().hex}"
    create_table(client, table)
    with (
        pytest.MonkeyPatch.context() as patch,
        running_site(
            table, client, bedrock_client("bedrock-runtime", fake.endpoint_url), certificate, VOUCHED_FOR
        ) as site,
    ):
        patch.setattr("gradio_app.login.services.SAME_PACE_SECONDS", 0)
        yield site
