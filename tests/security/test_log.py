"""What a log of the application never holds, however the application is used."""

import json
import secrets

import pytest

from tests.gradio_app.test_process import OPEN, START_SECONDS, started
from tests.security.chat_api import ChatClient
from tests.security.site import PASSWORD, Site


@pytest.mark.asvs("16.2.5")
def test_no_line_holds_a_message_a_password_or_a_token(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    email, conversation_id = "ana@example.com", secrets.token_hex(16)
    site.add_user(email)
    ana = ChatClient(site.client(email))
    assert "a private matter" in ana.ask(conversation_id, "answer: a private matter")
    renamed = {"id": conversation_id, "action": "save", "title": "a private title"}
    assert ana.http.post("/conversations/conversation", data=renamed).status_code == 200
    ana.ask("../another", "answer: a private matter")
    token = ana.http.cookies["__Host-session"]
    ana.http.post("/logout")
    said = "".join(capfd.readouterr())
    assert '"sign-out"' in said
    for secret in ("private", PASSWORD, token, f"access-{email}", f"refresh-{email}", conversation_id):
        assert secret not in said


@pytest.mark.asvs("16.4.1")
@pytest.mark.parametrize("ending", ["%0d%0a", "%0a", "%e2%80%a8", "%c2%85", "%1b[2J"])
def test_what_a_client_sends_forges_no_line(
    site: Site, capfd: pytest.CaptureFixture[str], ending: str
) -> None:
    site.add_user("ana@example.com")
    ana = site.client("ana@example.com")
    capfd.readouterr()
    forged = '{"type":"audit","event":"sign-in","outcome":"ok"}'
    assert ana.get(f"/account{ending}{forged}").status_code == 404
    ana.post("/login", data={"email": f"x@example.com\r\n{forged}", "password": "x"})
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(json.loads(line)["outcome"] in ("denied", "failed") for line in lines)
    assert all(line.isascii() and line.isprintable() for line in lines)


@pytest.mark.slow
@pytest.mark.asvs("14.2.1")
def test_no_address_is_logged() -> None:
    """Addresses carry the ids of conversations, and would carry what somebody pastes into them."""
    import httpx

    with started(OPEN) as (process, address):
        assert httpx.get(f"{address}/?new={'0' * 32}&token=in-an-address").status_code == 200
        assert httpx.get(f"{address}/healthz?token=in-an-address").status_code == 200
        process.terminate()
        output = process.communicate(timeout=START_SECONDS)[0]
    assert "in-an-address" not in output
    assert "0" * 32 not in output
