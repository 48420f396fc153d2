"""Between the signal and the end, running answers finish and the load balancer is told."""

import signal
import threading

import httpx
import pytest
import uvicorn

from gradio_app.chat.asking import TurnRequest
from gradio_app.chat.model import Choice
from gradio_app.serving import DrainingServer
from gradio_app.settings import Settings
from tests.gradio_app.chatting import until
from tests.gradio_app.fakes import SETTINGS, make_world
from tests.serving import on_loopback

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("patient", [True, False])
def test_running_answers_may_finish_for_so_long(patient: bool) -> None:
    settings = Settings(**{**vars(SETTINGS), "drain_seconds": 600 if patient else 1})
    world = make_world(settings, streams=True)
    server = DrainingServer(on_loopback(world.application.gate), world.application, settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    base = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    assert httpx.get(f"{base}/readyz").status_code == 200

    asked = TurnRequest("user", "conversation", None, "question", Choice("model", 0.0, 1))
    answer = world.application.running.admit(asked, 10)
    try:
        server.handle_exit(signal.SIGTERM, None)
        if patient:
            answered = httpx.get(f"{base}/readyz")
            assert (answered.status_code, answered.json()["missing"]) == (503, ["draining"])
            assert httpx.get(f"{base}/healthz").status_code == 200
            assert not server.should_exit
            # What comes on a connection as the process ends is lost; there are none left by then.
            until(lambda: httpx.get(f"{base}/healthz").headers.get("connection") == "close")
            world.application.running.release(answer)
        thread.join(60)
        assert not thread.is_alive()
    finally:
        world.application.running.release(answer)


def test_a_second_signal_does_not_wait() -> None:
    world = make_world()
    server = DrainingServer(uvicorn.Config(world.application.gate), world.application, world.settings)
    server.handle_exit(signal.SIGTERM, None)
    assert not server.should_exit
    server.handle_exit(signal.SIGTERM, None)
    assert server.force_exit
