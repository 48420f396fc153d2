"""New passwords that are tried first are refused wherever one chooses one; what they are made of is free."""

import asyncio
from collections.abc import Callable

import pytest
from zxcvbn import matching

from gradio_app.login.guessable import MOST_READINGS, fault
from tests.gradio_app.fakes import FakeDirectory, User, World, make_world

ANA, PASSWORD = "ana@example.com", "Correct-Horse-1"
OFTEN_USED = [
    "passwordpassword", "password1234", "123456789012", "qwerty123456", "1q2w3e4r5t6y", "iloveyou1234",
    "abcdefghijkl", "aaaaaaaaaaaa", "Password1234", "contraseña12345", "Bienvenido2026", "clave123456789",
]  # fmt: skip
SUGGESTED = ["asistenteasistente", "Asistente2026", "ana@example.com", "exampleexample"]
"""By the product's name, and by the person's address."""
AS_FREE_AS_ONE_LIKES = [
    "four-words-of-my-own", "sinmayúsculasnicifras", "correct horse battery staple " * 8, "@#&!+*%$=?^~_<>",
    "830174659203",
]  # fmt: skip


def first_password(world: World, new: str) -> tuple[int, str]:
    ana = world.browser()
    world.directory.users[ANA] = User(PASSWORD, temporary=True)
    ana.post("/login", data={"email": ANA, "password": PASSWORD})
    answer = ana.post("/login/step", data={"new_password": new, "repeat": new})
    return answer.status_code, answer.text


def reset(world: World, new: str) -> tuple[int, str]:
    form = {"email": ANA, "code": FakeDirectory.CODE, "new_password": new, "repeat": new}
    answer = world.browser().post("/reset-password", data=form)
    return answer.status_code, answer.text


def change(world: World, new: str) -> tuple[int, str]:
    form = {"password": PASSWORD, "new_password": new, "repeat": new}
    answer = world.signed_in(ANA).post("/account/password", data=form)
    return answer.status_code, answer.text


@pytest.mark.asvs("6.2.4", "6.2.11")
@pytest.mark.parametrize("way", [first_password, reset, change])
def test_no_way_to_choose_a_password_takes_one_that_is_tried_first(
    way: Callable[[World, str], tuple[int, str]],
) -> None:
    world = make_world(ana=User(PASSWORD))
    for password in ("passwordpassword", "asistenteasistente", "ana@example.com"):
        status, page = way(world, password)
        assert (status, "easy to guess" in page) == (400, True), password
        assert world.directory.users[ANA].password == PASSWORD


@pytest.mark.asvs("6.2.4", "6.2.11")
@pytest.mark.parametrize("password", OFTEN_USED + SUGGESTED)
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert fault(password, ANA) == "password_guessable"


@pytest.mark.asvs("6.2.11")
@pytest.mark.parametrize(
    "address", ["xoquiva@example.com", "ana@xoquiva.example", "ana@mail.xoquiva.example"]
)
def test_a_name_is_easy_to_guess_for_whom_it_belongs_to(address: str) -> None:
    assert fault("xoquivaxoquiva", address) == "password_guessable"
    assert fault("xoquivaxoquiva", ANA) is None


@pytest.mark.asvs("15.2.2")
@pytest.mark.parametrize(
    "password",
    ["4@8({[<369!1|70$5+%2" * 2, "/55(%91%!%02|<05[(1$+9|a@51x8$!16z37{4<.", "1234567890!@#$%^&*()" * 2],
)
def test_nobody_can_have_a_password_read_in_hundreds_of_ways(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, readings = matching.translate, []
    monkeypatch.setattr(matching, "translate", lambda *given: readings.append(given) or read(*given))
    fault(password, ANA)
    assert len(readings) <= 2 * MOST_READINGS, "as a whole, and what it repeats"
    readings.clear()
    assert fault("p@$$w0rd", ANA)
    assert readings, "and that is where it reads"


def test_others_do_not_wait_while_a_password_is_judged() -> None:
    def judged(*_: str) -> None:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()

    assert reset(make_world(fault=judged, ana=User(PASSWORD)), "four-words-of-my-own")[0] == 303


@pytest.mark.asvs("6.2.5")
@pytest.mark.parametrize("password", AS_FREE_AS_ONE_LIKES)
def test_characters_of_one_kind_will_do(password: str) -> None:
    assert fault(password, ANA) is None


def test_of_a_short_one_it_is_said_that_it_is_short() -> None:
    status, page = reset(make_world(ana=User(PASSWORD)), "password")
    assert (status, "Choose a longer password" in page) == (400, True)


def test_it_is_said_in_spanish_too() -> None:
    form = {"email": ANA, "code": "1", "new_password": "passwordpassword", "repeat": "passwordpassword"}
    browser = make_world(ana=User(PASSWORD)).browser()
    answer = browser.post("/reset-password", data=form, headers={"accept-language": "es"})
    assert "fácil de adivinar" in answer.text
