"""Forgetting somebody: nothing of theirs is left, nothing of anybody else's is missing, whatever happens."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from botocore.exceptions import ClientError

from deployer.account import people, records
from deployer.account.empty import versions
from deployer.account.records import Key
from deployer.commands import user_forget
from deployer.errors import DeployError, UsageError
from deployer.options import ROOT
from gradio_app.cognito.directory import Challenge
from gradio_app.sessions.known import Known
from gradio_app.sessions.steps import Step, Steps
from gradio_app.store import schema
from gradio_app.store.table import AsyncTable, Table
from tests.deployer import calls
from tests.deployer.commands.running_deployment import Running
from tests.gradio_app.store import releases
from tests.gradio_app.store.releases.__main__ import written

pytestmark = pytest.mark.slow

ANA, BO = "ana@example.com", "bo@example.com"
SHARED = {
    "group with a library",
    "shared assistant",
    "what a shared assistant says",
    "shelf of assistants",
    "count of thumbs",
    "last deletion of what is over",
}
"""Kinds of items that are of several people, and say nothing of any of them."""
OF_NOBODY = {"departure to single sign-on", "failed attempts", "known address", *SHARED}
"""Kinds that say nothing of whom they are of: those, and hashes that end by themselves."""


def keys(running: Running) -> set[Key]:
    pages = running.aws.dynamodb.get_paginator("scan").paginate(TableName=running.table)
    return {(item["pk"]["S"], item["sk"]["S"]) for page in pages for item in page["Items"]}


def files(running: Running, person_id: str) -> int:
    """How many versions of files the bucket has of somebody, deleted ones among them."""
    every = versions(running.aws.s3, running.bucket)
    return sum(f"/{person_id}/" in each["Key"] for each in every)


def kind(key: Key) -> str:
    """The name of an item's kind in the application's schema."""
    for each in schema.KINDS:
        patterns = [
            re.sub("<[^>]+>", ".+", re.escape(part).replace("\\<", "<")) for part in (each.pk, each.sk)
        ]
        if all(re.fullmatch(pattern, part) for pattern, part in zip(patterns, key, strict=True)):
            return each.name
    raise AssertionError(key)


def live(running: Running, monkeypatch: pytest.MonkeyPatch, email: str) -> tuple[str, set[Key]]:
    """Invite somebody and let the real application write all that it knows; their id, and what it wrote."""
    before = keys(running)
    person = people.invite(running.aws.cognito, running.pool, email)
    assert person
    monkeypatch.setattr(releases, "USER", person.id)
    monkeypatch.setattr(releases, "LIBRARY", schema.own_library(person.id))
    identity = releases.Identity(person.id, email, ())
    signed_in = releases.SignedIn(identity, person.username, "an-access-token", "a-refresh-token", 2**31)
    monkeypatch.setattr(releases, "SIGNED_IN", signed_in)
    challenge = Challenge("MFA_SETUP", person.username, "a-session", "a-key", True)
    monkeypatch.setattr(releases, "STEP", Step(challenge, email.upper(), True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Known, "remember", _of(Known.remember, (person.id, email)))
        written(running.aws.dynamodb, running.table)
    for key in (f"{schema.uploads(person.id)}1", f"{schema.files(person.id, 'c' * 32)}1"):
        for content in (b"one", b"two"):
            running.aws.s3.put_object(Bucket=running.bucket, Key=key, Body=content)
        running.aws.s3.delete_object(Bucket=running.bucket, Key=key)
    return person.id, keys(running) - before


def _of(remember: Callable[..., Any], names: tuple[str, str]) -> Callable[..., Any]:
    """The story signs in as one fixed address; here it is this person's, as `login/attempts.py` has it."""

    def as_this_person(self: Known, token: str, address: str, _: Any) -> Any:
        return remember(self, token, address, names)

    return as_this_person


def forget(running: Running, who: str, **more: Any) -> None:
    more = {"ask": None, "sleep": lambda _: None} | more
    user_forget.run(running.options, running.console, who, **more)


def test_all_of_one_person_goes_and_nothing_of_another(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    bo, of_bo = live(running, monkeypatch, BO)
    ana, of_ana = live(running, monkeypatch, ANA)
    assert files(running, ana) == files(running, bo) == 6
    besides = {"draft of the release before", "failed attempts", *SHARED}
    assert {kind(key) for key in of_ana} | besides == {each.name for each in schema.KINDS}
    forget(running, ANA)
    left = keys(running)
    assert of_bo <= left
    assert (files(running, ana), files(running, bo)) == (0, 6)
    assert {kind(key) for key in left & of_ana} <= OF_NOBODY
    assert [each.email for each in people.everybody(running.aws.cognito, running.pool)] == [BO]
    printed = running.printed()
    assert re.search(
        r"3 conversations, 1 day of usage, 2 documents, 1 draft, 1 known browser, \d+ messages, 1 passage, "
        r"1 session, ",
        printed,
    )
    assert "in the bucket 2 objects" in printed
    assert f"{ANA} is forgotten." in printed


def test_it_shows_what_it_is_about_and_asks(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    _, of_ana = live(running, monkeypatch, ANA)

    def no(question: str) -> str:
        assert f"Type {ANA} to go on" in question
        assert "conversations" in running.console.export_text(clear=False)
        return "yes"

    def nobody(_: str) -> str:
        raise EOFError

    for ask, words in ((no, "nothing was changed"), (nobody, "give --yes")):
        with pytest.raises(UsageError, match=words):
            forget(running, ANA, ask=ask)
    assert of_ana <= keys(running)
    assert running.aws.cognito.admin_get_user(UserPoolId=running.pool, Username=ANA)["Enabled"]
    forget(running, ANA, ask=lambda _: " Ana@Example.com ")
    assert not keys(running) & {key for key in of_ana if records.is_own(key)}


class Broken(Exception):
    """Stands for a process that is killed."""


CALLS = (
    "admin_disable_user", "admin_user_global_sign_out", "batch_write_item", "query", "scan",
    "list_object_versions", "delete_objects", "admin_delete_user",
)  # fmt: skip
"""All that it asks for after the question."""


@pytest.mark.parametrize(
    ("operation", "way"),
    [(each, "killed") for each in CALLS]
    + [("batch_write_item", way) for way in ("ExpiredTokenException", "AccessDeniedException", "Ctrl-C")],
)
def test_whatever_ends_it_in_the_middle_the_same_command_goes_on(
    running: Running, monkeypatch: pytest.MonkeyPatch, operation: str, way: str
) -> None:
    person_id, of_ana = live(running, monkeypatch, ANA)
    errors: dict[str, BaseException] = {"killed": Broken(), "Ctrl-C": KeyboardInterrupt()}
    error = errors.get(way) or ClientError({"Error": {"Code": way, "Message": "no"}}, operation)
    with pytest.MonkeyPatch.context() as patch:
        break_after_the_question(patch, operation, error)
        with pytest.raises((DeployError, Broken)) as ended:
            forget(running, ANA, ask=lambda _: ANA)
    if isinstance(ended.value, DeployError):
        assert "the same command goes on where it stopped" in str(ended.value)
        assert ended.value.exit_code == (130 if way == "Ctrl-C" else 1)
    forget(running, ANA)
    left = keys(running)
    assert {kind(key) for key in left & of_ana} <= OF_NOBODY
    assert not files(running, person_id)
    assert not list(people.with_id(running.aws.cognito, running.pool, person_id))


def break_after_the_question(patch: pytest.MonkeyPatch, operation: str, error: BaseException) -> None:
    """Have one operation fail for good once the person has been disabled, or fail in that."""
    name = "".join(word.capitalize() for word in operation.split("_"))
    state = {"begun": False}

    def see(_client: Any, asked: str, _arguments: Any) -> None:
        state["begun"] |= asked == "AdminDisableUser"
        if state["begun"] and asked == name:
            raise error

    calls.seen(patch, see)


def test_what_is_written_meanwhile_goes_too(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id, _ = live(running, monkeypatch, ANA)
    store = Table(running.aws.dynamodb, running.table)

    def an_answer_is_saved(_: float) -> None:
        from gradio_app.store.drafts import Drafts

        Drafts(store).keep(person_id, "f" * 32, "late")

    forget(running, ANA, sleep=an_answer_is_saved)
    assert not [key for key in keys(running) if key[0] == schema.person(person_id)]


def test_who_is_gone_from_the_pool_is_forgotten_by_the_id(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    person_id, of_ana = live(running, monkeypatch, ANA)
    running.aws.cognito.admin_delete_user(UserPoolId=running.pool, Username=ANA)
    with pytest.raises(UsageError, match="forgotten by their id"):
        forget(running, ANA)
    forget(running, person_id)
    assert not keys(running) & {key for key in of_ana if records.is_own(key) or kind(key) == "session"}
    running.printed()
    forget(running, person_id)
    nothing = f"{person_id}: 0 entries in the pool; in the table nothing; in the bucket nothing."
    assert nothing in running.printed()


def test_a_name_like_another_is_another(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    _, of_other = live(running, monkeypatch, f"x{ANA}")
    live(running, monkeypatch, ANA)
    forget(running, ANA)
    assert of_other <= keys(running)


def test_what_dynamodb_leaves_over_is_tried_again_and_given_up_at_last() -> None:
    class Busy:
        def __init__(self, times: int) -> None:
            self.times, self.deleted = times, []

        def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: N803
            [(table, requests)] = RequestItems.items()
            if self.times:
                self.times -= 1
                return {"UnprocessedItems": {table: requests}}
            self.deleted += requests
            return {}

    found: list[Key] = [("USER#a", f"MESSAGE#{number}") for number in range(60)]
    busy, waits = Busy(3), list[float]()
    records.delete(busy, "t", found, waits.append)
    assert len(busy.deleted) == 60
    assert waits == [0.2, 0.4, 0.8]
    with pytest.raises(DeployError, match="no more deletions for now"):
        records.delete(Busy(10**6), "t", found, waits.append)


def test_every_step_of_a_sign_in_is_found_by_the_name_that_was_typed(running: Running) -> None:
    challenge = Challenge("SOFTWARE_TOKEN_MFA", "somebody", "s", "", False)
    people.invite(running.aws.cognito, running.pool, ANA)
    shared = AsyncTable(Table(running.aws.dynamodb, running.table))
    anyio.run(Steps(shared).keep, Step(challenge, ANA, False))
    forget(running, ANA)
    assert not keys(running)


def test_what_the_deployer_takes_of_the_application_needs_no_package() -> None:
    """The deployer is installed without the application's requirements."""
    taken = {
        node.module
        for path in (ROOT / "deployer").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gradio_app")
    }
    names = {"gradio_app.sessions.names", "gradio_app.store"}
    assert taken == names
    for module in ("sessions/names", "store/schema", "__init__", "sessions/__init__", "store/__init__"):
        tree = ast.parse((ROOT / "gradio_app" / f"{module}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            imported = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            assert all(each.split(".")[0] in sys.stdlib_module_names for each in imported), (module, imported)
