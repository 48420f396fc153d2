"""The proof of a service: it passes where everything works, and names what does not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import uvicorn
from rich.console import Console
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployer.account import history
from deployer.account.history import Record
from deployer.cloudformation import package, stack
from deployer.commands import verify
from deployer.commands.recorded import artifact_bucket
from deployer.errors import DeployError, UsageError
from deployer.options import Options
from deployer.proof.visitor import Authenticator, Visitor
from gradio_app.aws import Clients
from gradio_app.library.ports import EmbeddingBusyError, Passage
from gradio_app.server import create_app
from gradio_app.settings import Settings
from templates.stacks import bootstrap
from tests.deployer import calls
from tests.deployer.commands import running_deployment
from tests.deployer.commands.running_deployment import Running
from tests.deployer.commands.test_deploy import wait_until
from tests.deployer.commands.whole import Whole
from tests.emulator_fixture import REGION
from tests.gradio_app.asked import WordModel
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.local.cognito_kit import Pool, require_authenticators
from tests.serving import free_port, on_loopback
from tests.serving import running as serving

pytestmark = pytest.mark.slow


def _bedrock_client(endpoint_url: str) -> Any:
    return boto3.client(
        "bedrock-runtime",
        region_name=REGION,
        endpoint_url=endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.mark.parametrize(
    ("url", "sends"),
    [("http://127.0.0.1:8080", True), ("http://chat.example.com", False), ("https://x", True)],
)
def test_a_secure_cookie_goes_without_encryption_to_this_machine_only(url: str, sends: bool) -> None:
    with Visitor(url, Authenticator()) as visitor:
        asked = httpx.Request("GET", f"{url}/login")
        given = httpx.Response(200, headers={"set-cookie": "__Host-a=b; Path=/; Secure"}, request=asked)
        visitor._http.cookies.extract_cookies(given)
        request = visitor._http.build_request("GET", "/")
        for hook in visitor._http.event_hooks["request"]:
            hook(request)
        assert ("cookie" in request.headers) is sends


@contextmanager
def service(
    running: Running | Whole,
    bedrock_url: str,
    wrap: Any = None,
    client_id: str = "",
    embedder: WordModel | None = None,
    **settings: Any,
) -> Iterator[str]:
    """The real application of that deployment, on loopback; yields its address.

    Of a pool with several app clients, `client_id` says which is the deployment's. With an `embedder` there
    are documents to ask.
    """
    emulator = running.emulator
    idp = emulator.client("cognito-idp")
    every = idp.list_user_pool_clients(UserPoolId=running.pool)["UserPoolClients"]
    (listed,) = [each for each in every if client_id in ("", each["ClientId"])]
    client = idp.describe_user_pool_client(UserPoolId=running.pool, ClientId=listed["ClientId"])
    chosen = Settings(
        **{
            "pool_id": running.pool,
            "app_client_id": listed["ClientId"],
            "app_client_secret": client["UserPoolClient"]["ClientSecret"],
            "table_name": running.table,
            "bucket_name": running.bucket,
            "region": REGION,
            "model_ids": ("fake.model", "other.model"),
            "public_scheme": "http",
            "embedding_model_id": embedder.model if embedder else "",
            **settings,
        }
    )
    model = _bedrock_client(bedrock_url)
    clients = Clients(
        cognito_idp=idp,
        dynamodb=emulator.client("dynamodb"),
        bedrock_runtime=model,
        bedrock=model,
        s3=emulator.client("s3"),
    )
    application = create_app(chosen, clients, embedder=embedder)
    if application.worker:
        application.worker.start()
    gate: Any = application.gate
    try:
        with serving(uvicorn.Server(on_loopback(wrap(gate) if wrap else gate))) as port:
            yield f"http://127.0.0.1:{port}"
    finally:
        if application.worker:
            application.worker.stop()


def _left(running: Running) -> list[Any]:
    """Who and what is still there."""
    people = running.aws.cognito.list_users(UserPoolId=running.pool)["Users"]
    items = running.aws.dynamodb.scan(TableName=running.table)["Items"]
    return [*people, *(item for item in items if item["pk"]["S"].startswith(("USER#", "SESSION#")))]


CITES = 'answer: Eleven hours [1: "lasts for eleven hours and ten minutes"].'


@pytest.mark.parametrize(
    ("question", "told"), [(CITES, "cites it when asked"), ("answer: No idea", "without a citation")]
)
def test_a_service_that_works_is_proved_and_keeps_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch, running: Running, bedrock: FakeBedrock, question: str, told: str
) -> None:
    monkeypatch.setattr("deployer.proof.documents.QUESTION", question)
    with service(running, bedrock.endpoint_url, embedder=WordModel()) as url:
        verify.run(running.options, running.console, url)
    printed = running.printed()
    assert [line.partition("  ")[0] for line in printed.splitlines()[1:-1]] == ["ok"] * 7
    assert told in printed
    assert "eleven hours and ten minutes" in str(bedrock.requests[-1])
    items = running.aws.dynamodb.scan(TableName=running.table)["Items"]
    assert not [item for item in items if item["pk"]["S"].startswith(("LIBRARY#", "PASSAGES#"))]
    for model_id in ("fake.model", "other.model"):
        assert f"{model_id} answers, shown in " in printed
    assert "somebody new, who was asked for a new password" in printed
    assert "WITHOUT ENCRYPTION" in printed
    assert printed.endswith(f"{running.options.stack} works.\n")
    assert _left(running) == []


def test_documents_that_cannot_be_asked_are_named_and_fail_a_proof_of_everything(
    monkeypatch: pytest.MonkeyPatch, running: Running, bedrock: FakeBedrock
) -> None:
    """As before the vector index of a live table is filled, or with a model that is not enabled."""
    embedder = WordModel()

    def refuse(_: Sequence[Passage]) -> list[list[float]]:
        raise EmbeddingBusyError("denied")

    monkeypatch.setattr(embedder, "embed", refuse)
    monkeypatch.setattr("deployer.proof.documents.SECONDS", 4.0)
    with (
        service(running, bedrock.endpoint_url, embedder=embedder, model_ids=("fake.model",)) as url,
        pytest.raises(DeployError, match=r"documents to ask: a document that was added cannot be"),
    ):
        verify.run(running.options, running.console, url)
    printed = running.printed()
    assert "cannot be asked: " in printed
    assert "the cookie from before is refused" in printed
    assert _left(running) == []


def test_where_an_authenticator_is_a_must_it_sets_one_up(running: Running, bedrock: FakeBedrock) -> None:
    idp = running.emulator.client("cognito-idp")
    require_authenticators(Pool(running.emulator, running.pool, "", ""), "ON")
    assert idp.get_user_pool_mfa_config(UserPoolId=running.pool)["MfaConfiguration"] == "ON"
    with service(running, bedrock.endpoint_url, mfa="required", model_ids=("fake.model",)) as url:
        verify.run(running.options, running.console, url)
    printed = running.printed()
    assert "asked for a new password and a code" in printed
    assert "there are no documents to ask" in printed
    assert _left(running) == []


def test_with_secure_cookies_on_this_machine_as_in_the_local_mode(
    running: Running, bedrock: FakeBedrock
) -> None:
    with service(running, bedrock.endpoint_url, public_scheme="https", model_ids=("fake.model",)) as url:
        verify.run(running.options, running.console, url)
    assert running.printed().endswith("works.\n")
    assert _left(running) == []


def test_the_address_of_an_emulated_front_door_is_not_waited_for(running: Running) -> None:
    with pytest.raises(UsageError, match="say where the application runs"):
        verify.run(running.options, running.console, sleep=lambda _: pytest.fail("it waits"))


@pytest.mark.parametrize(
    ("question", "why"),
    [("no access", "not enabled"), ("invalid model", "."), ("nothing", "."), ("break", "."), ("cut", ".")],
)
def test_a_model_that_refuses_is_named_with_the_pages_own_words(
    monkeypatch: pytest.MonkeyPatch, running: Running, bedrock: FakeBedrock, question: str, why: str
) -> None:
    monkeypatch.setattr("deployer.proof.conversation.QUESTION", question)
    with (
        service(running, bedrock.endpoint_url) as url,
        pytest.raises(DeployError, match=rf"should: the model fake.model: .*{why}"),
    ):
        verify.run(running.options, running.console, url)
    assert _left(running) == []


@pytest.mark.parametrize("every_model", [True, False])
def test_a_second_model_that_is_not_enabled_is_said_and_fails_a_proof_of_every_model(
    running: Running, bedrock: FakeBedrock, every_model: bool
) -> None:
    """As in many an account before somebody has agreed to its terms."""
    bedrock.refused_models = {"other.model"}
    with service(running, bedrock.endpoint_url) as url:
        if every_model:
            with pytest.raises(DeployError, match=r"should: the model other\.model: .*not enabled"):
                verify.run(running.options, running.console, url)
        else:
            verify.run(running.options, running.console, url, every_model=False)
    printed = running.printed()
    assert "the model other.model: " in printed
    assert "`make doctor` says what can be done" in printed
    assert "the cookie from before is refused" in printed
    assert _left(running) == []


def test_an_address_where_nobody_answers(running: Running) -> None:
    naps: list[float] = []
    with pytest.raises(DeployError, match=r"127\.0\.0\.1:[0-9]+ does not answer: ") as failed:
        verify.run(running.options, running.console, f"http://127.0.0.1:{free_port()}", naps.append)
    assert failed.value.exit_code == 1
    assert sum(naps) >= 240, "a new name takes its minutes"
    assert _left(running) == []


@pytest.mark.parametrize(
    "url",
    [
        "chat.example.com", "ftp://chat.example.com", "http://", "javascript:x", "http://[::1",
        "https://chat.example.com:99999", "https://chat.example.com:0", "https://chat.example.com:nan",
        "https://ana:secret@chat.example.com", "https://chat.example.com/?x=1", "https://\ud800.example.com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(UsageError, match="is not an address"):
        verify.run(Options(stack="chat"), Console(quiet=True), url)


class _Changed:
    """The service behind something that gets in the way; what it does stands in the classes below."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.inner(scope, receive, send)


class WithoutPolicy(_Changed):
    """A proxy that drops a header."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dropping(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [each for each in message["headers"] if each[0] != b"content-security-policy"]
                message = {**message, "headers": kept}
            await send(message)

        await self.inner(scope, receive, dropping)


class Forgetful(_Changed):
    """A sign-out that ends nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/logout":
            headers = [(b"location", b"/login?out=1")]
            await send({"type": "http.response.start", "status": 303, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        await self.inner(scope, receive, send)


class NotForYou(_Changed):
    """A firewall that lets nobody in."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": b"Forbidden"})


class Undescribed(_Changed):
    """A cache or a firewall that has no script of the chat's page."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/page/description":
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b"Not found"})
            return
        await self.inner(scope, receive, send)


class Forgets(_Changed):
    """A store that has an answer for whoever asked, and not for the same person's next session."""

    def __init__(self, inner: ASGIApp) -> None:
        super().__init__(inner)
        self.first = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/message":
            cookies = dict(scope["headers"])[b"cookie"]
            self.first = self.first or cookies
            if cookies != self.first:
                scope = {**scope, "query_string": scope["query_string"].replace(b"turn=1", b"turn=2")}
        await self.inner(scope, receive, send)


@pytest.mark.parametrize(
    ("wrap", "why"),
    [
        (WithoutPolicy, "has no header content-security-policy"),
        (Forgetful, "the cookie of a session that was ended still lets somebody in"),
        (NotForYou, "answers 403: AllowedAddresses and AllowedCountries have to let this machine in"),
        (Undescribed, "the script that the chat's page is described by answers 404"),
        (Forgets, "what fake.model answered is not there when the person comes back"),
    ],
)
def test_what_is_not_as_it_should_be_is_said(
    running: Running, bedrock: FakeBedrock, wrap: type[_Changed], why: str
) -> None:
    with service(running, bedrock.endpoint_url, wrap) as url, pytest.raises(DeployError, match=why):
        verify.run(running.options, running.console, url)
    assert _left(running) == []


class AsIfNobodyRan(_Changed):
    """A load balancer without a task behind it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b"Service Temporarily Unavailable"})


def with_service(running: Running, url: str, desired: int, **parameters: str) -> None:
    """Have the deployment say where it is, and which service with so many tasks it has."""
    ecs, name = running.emulator.client("ecs"), running.options.stack
    ecs.create_cluster(clusterName=name)
    container = {"name": "app", "image": "app", "memory": 512}
    ecs.register_task_definition(family=name, containerDefinitions=[container])
    ecs.create_service(cluster=name, serviceName=name, taskDefinition=name, desiredCount=desired)
    body = running_deployment.template()
    body["Parameters"] |= {key: {"Type": "String", "Default": value} for key, value in parameters.items()}
    said = {"ClusterName": name, "ServiceName": name, "ServiceUrl": url}
    body["Outputs"] |= {key: {"Value": value} for key, value in said.items()}
    cloudformation = running.emulator.client("cloudformation")
    cloudformation.update_stack(
        StackName=name, TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_IAM"]
    )
    wait_until(lambda: found(running)["StackStatus"] == "UPDATE_COMPLETE")


def found(running: Running) -> Any:
    return stack.find(running.aws.cloudformation, running.options.stack)


SLEEPS = {
    "SleepFrom": "22", "SleepUntil": "7", "TimeZone": "Europe/Madrid", "TaskCount": "2", "MaxTaskCount": "4",
}  # fmt: skip


@pytest.mark.parametrize(("sleep", "days"), [("nights", ""), ("nights-and-weekends", ", Monday to Friday")])
def test_a_service_that_sleeps_is_not_called_broken(
    running: Running, bedrock: FakeBedrock, tmp_path: Path, sleep: str, days: str
) -> None:
    told = tmp_path / "outcome"
    with service(running, bedrock.endpoint_url, AsIfNobodyRan) as url:
        with_service(running, url, 0, Sleep=sleep, **SLEEPS)
        record = as_recorded(running)
        with pytest.raises(DeployError, match="nothing can be proved before") as error:
            verify.run(running.options, running.console, url, told=told)
    assert error.value.exit_code == 2
    assert f"before 07:00 (Europe/Madrid{days})" in str(error.value)
    name = running.options.stack
    assert f"--resource-id service/{name}/{name} --min-capacity 2 --max-capacity 4" in str(error.value)
    assert "until 22:00" in str(error.value)
    assert told.read_text() == "proved=asleep\n"
    assert recorded_now(running, record).proved is None


@pytest.mark.parametrize(("sleep", "desired"), [("nights", 2), ("never", 0)])
def test_a_service_that_does_not_answer_and_should_is_broken(
    running: Running, bedrock: FakeBedrock, sleep: str, desired: int
) -> None:
    with service(running, bedrock.endpoint_url, AsIfNobodyRan) as url:
        with_service(running, url, desired, Sleep=sleep, **SLEEPS)
        with pytest.raises(DeployError, match="answers 503") as error:
            verify.run(running.options, running.console, url)
    assert error.value.exit_code == 1


def test_a_deployment_is_done_although_what_it_deployed_sleeps(
    running: Running, bedrock: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "is_loopback", lambda _: False)
    with service(running, bedrock.endpoint_url, AsIfNobodyRan) as url:
        with_service(running, url, 0, Sleep="nights", **SLEEPS)
        prove = verify.proof(running.options, running.console, unproved=False)
        assert prove(running.outputs) is False
    assert "Deployed, and not proved: " in running.printed()


def as_recorded(running: Running) -> Record:
    """A record of what runs, in an artifact bucket, as `deploy` leaves it without the proof."""
    cloudformation, name = running.emulator.client("cloudformation"), running.options.bootstrap_stack
    cloudformation.create_stack(StackName=name, TemplateBody=bootstrap.template().to_json())
    wait_until(lambda: (stack.find(cloudformation, name) or {})["StackStatus"] == "CREATE_COMPLETE")
    now = found(running)
    template = cloudformation.get_template(StackName=now["StackId"], TemplateStage="Original")["TemplateBody"]
    record = Record(
        id=history.new_id(datetime.now(UTC)),
        command="deploy",
        by="arn:aws:iam::123456789012:user/ana",
        parameters={each["ParameterKey"]: each["ParameterValue"] for each in now["Parameters"]},
        template="templates/root.json",
        templates=["templates/root.json"],
        content=package.content(template),
        result=history.Result.DONE,
    )
    history.write(running.aws.s3, _artifacts(running), record)
    return record


def recorded_now(running: Running, record: Record) -> Record:
    stored = history.read(running.aws.s3, _artifacts(running), record.id)
    assert isinstance(stored, Record)
    return stored


def _artifacts(running: Running) -> str:
    return artifact_bucket(stack.find(running.aws.cloudformation, running.options.bootstrap_stack))


@pytest.mark.parametrize("at_home", [True, False])
def test_how_the_proof_ended_stands_in_the_record_of_what_runs(
    running: Running, bedrock: FakeBedrock, tmp_path: Path, at_home: bool
) -> None:
    """That it failed only at the deployment's own address: another may be anybody's."""
    told = tmp_path / "outcome"
    with service(running, bedrock.endpoint_url, NotForYou) as url:
        with_service(running, url if at_home else "https://chat.example.com", 2)
        record = as_recorded(running)
        with pytest.raises(DeployError, match="answers 403"):
            verify.run(running.options, running.console, url, told=told)
    failed = recorded_now(running, record)
    assert failed.proved is (False if at_home else None)
    assert ("answers 403" in failed.reason) is at_home
    # What is not essential fails the command, and says nothing against the deployment.
    bedrock.refused_models = {"other.model"}
    with (
        service(running, bedrock.endpoint_url) as url,
        pytest.raises(DeployError, match=r"other\.model"),
    ):
        verify.run(running.options, running.console, url, told=told)
    assert recorded_now(running, record) == replace(record, proved=True)
    assert told.read_text() == "proved=false\nproved=true\n"


def test_what_aws_refuses_says_nothing_of_the_service(
    running: Running, bedrock: FakeBedrock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "outcome"
    with service(running, bedrock.endpoint_url) as url:
        with_service(running, url, 2)
        record = as_recorded(running)
        calls.refused(monkeypatch, "AdminCreateUser", "AccessDenied")
        with pytest.raises(DeployError, match="Access denied to AdminCreateUser"):
            verify.run(running.options, running.console, url, told=told)
    assert told.read_text() == ""
    assert recorded_now(running, record) == record
