"""The local mode from start to end: the model, the emulator, the deployment and the application."""

from __future__ import annotations

import re
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import boto3
from rich.console import Console

from deployer.cloudformation.parameters import parse_overrides, read_file
from deployer.offline.profiles import checked
from local import screen, single_sign_on
from local.application import Application
from local.bedrock import BedrockServer, EngineError
from local.deployed import fingerprint, mark
from local.emulator import Emulator, EmulatorError
from local.errors import LocalError, SetRightFirst
from local.model import ModelUnavailable, Progress, choose, ensure_embedding_model, ensure_model
from local.ports import LOOPBACK, listen
from local.state import State
from local.task import Task, first_words, read_task
from local.users import DemoUser, ensure_demo_user

STACK = "asistente-local"
PARAMETERS = Path("local", "parameters.toml")
REGION = "us-east-1"
EMULATOR_PORT = 4566  # where emulators of AWS usually listen
DEPLOY_LINES_SHOWN = 8
RESTARTS = 3  # an application that ends by itself is started again this often, as ECS would
# All that the application and the deployment see of the user's own environment: no AWS settings among it.
HANDED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TERM", "COLUMNS", "TMPDIR", "TZ")


@dataclass(frozen=True)
class Options:
    """What the command line says; `environment` is the process's own, read once."""

    root: Path
    state: State
    models: Path
    model: str
    gguf: Path | None
    port: int
    new_password: bool
    browser: bool
    reset: bool
    oidc_client_secret: Path | None
    parameters: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)


def run(options: Options, console: Console) -> None:
    """Run everything until Ctrl-C. Raises LocalError for what the user has to know or do."""
    _check(options)
    with options.state.held(), _said_plainly(), listen(options.port) as listener:
        bedrock = _bedrock(options, console)
        application = Application(_own(options), listener, options.root, options.state.log)
        emulator = Emulator(options.state.emulator, options.state.emulator_log, _port_before(options), REGION)
        try:
            # These take seconds and need nothing of each other: the application imports, the model loads.
            application.preload()
            bedrock.listen()
            _start_emulator(options.state, emulator, console)
            _bring_up_to_date(options, emulator, bedrock.model_id, console)
            _serve(options, emulator, bedrock, application, console)
        finally:
            application.stop()
            bedrock.stop()
            emulator.stop()


def _check(options: Options) -> None:
    """Raise SetRightFirst for parameters that deploy.sh would refuse, once everything else had been made."""
    chosen = parse_overrides(options.parameters)
    if options.oidc_client_secret:
        single_sign_on.read_client_secret(options.oidc_client_secret)
        chosen["OidcClientSecretArn"] = single_sign_on.ANY_SECRET
    checked({**read_file(options.root / PARAMETERS).parameters, **chosen})


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except ModelUnavailable as error:
        raise SetRightFirst(str(error)) from error
    except (EngineError, EmulatorError) as error:
        raise LocalError(str(error)) from error


def _bedrock(options: Options, console: Console) -> BedrockServer:
    spec = choose(options.model, options.gguf)
    with screen.download_bar(console) as report:
        gguf = ensure_model(spec, options.models, report)
        embedding_model = _embedding_model(options, report, console)
    return BedrockServer(gguf, spec.model_id, embedding_model=embedding_model)


def _embedding_model(options: Options, report: Progress, console: Console) -> Path | None:
    """Return the folder of what makes vectors of documents. Without it everything else works."""
    try:
        return ensure_embedding_model(options.models, report)
    except ModelUnavailable as error:
        console.print(f"There are no documents to ask this time: {error}", markup=False)
        return None


def _port_before(options: Options) -> int:
    """The emulator's port of last time: what it keeps has its own address in it."""
    before = options.state.recall().get("emulator_port", "")
    return int(before) if re.fullmatch("[0-9]{1,5}", before) else EMULATOR_PORT


def _start_emulator(state: State, emulator: Emulator, console: Console) -> None:
    emulator.start()
    taken = emulator.endpoint_url.rpartition(":")[2]
    if taken != str(emulator.port):
        console.print(f"Port {emulator.port} is in use by another program: the emulator takes another one.")
    state.remember(emulator_port=taken)


def _own(options: Options) -> dict[str, str]:
    return {name: value for name in HANDED_ON if (value := options.environment.get(name))}


def _bring_up_to_date(options: Options, emulator: Emulator, model_id: str, console: Console) -> None:
    """Deploy, unless what is there was deployed from the same."""
    command = ["./deploy.sh", "deploy", "--stack", STACK, "--parameters", str(PARAMETERS), "--yes"]
    # Proved by its public address it can be only when it runs: `make verify` does that.
    command += ["--unproved"]
    command += [f"ModelId={model_id}", *options.parameters]
    if options.oidc_client_secret:
        secret = single_sign_on.keep_client_secret(
            _client(emulator, "secretsmanager"), options.oidc_client_secret
        )
        command += [f"OidcClientSecretArn={secret}"]
    made_of = fingerprint(options.root, emulator.endpoint_url, *command)
    # What is in the secret goes into the stack too, and is not in its address.
    is_all = not options.oidc_client_secret
    if is_all and mark(made_of, _stack(emulator)) == options.state.recall().get("deployed"):
        return
    console.print("Deploying the stacks to the emulator")
    _deploy(options, emulator, command)
    options.state.remember(deployed=mark(made_of, _stack(emulator)))


def _deploy(options: Options, emulator: Emulator, command: list[str]) -> None:
    """Run deploy.sh as a user would. What it prints goes to a log: its addresses lead nowhere here."""
    log = options.state.deploy_log
    environment = _own(options) | emulator.environment() | {"PYTHON": sys.executable}
    with log.open("wb") as output:
        done = subprocess.run(  # noqa: S603 (our own script)
            command, cwd=options.root, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        lines = log.read_text(errors="replace").splitlines()
        end = "\n".join(lines[-DEPLOY_LINES_SHOWN:])
        raise LocalError(f"The stacks could not be deployed to the emulator; {log} ends with:\n{end}")


def _serve(
    options: Options, emulator: Emulator, bedrock: BedrockServer, application: Application, console: Console
) -> None:
    task, user = _deployed(emulator, new_password=options.new_password)
    # As on ECS: the task definition's variables, and the task role's rights instead of ours.
    environment = emulator.task_environment(task.role_arn) | task.environment
    environment |= single_sign_on.environment(task.environment, emulator.endpoint_url)
    environment |= bedrock.environment()
    if not bedrock.makes_vectors:
        environment["EMBEDDING_MODEL_ID"] = ""
    port = application.port
    if options.port not in (0, port):
        console.print(
            f"Port {options.port} is in use by another program: the assistant takes {port} instead."
        )
    url = f"http://{LOOPBACK}:{port}/"
    single_sign_on.register_address(_client(emulator, "cognito-idp"), task.environment, url)
    try:
        console.print("Starting the application")
        application.start(environment)
        options.state.remember(url=url)
        if not bedrock.is_loading:
            bedrock.wait_until_loaded()  # or say what is wrong with its file, and that nothing is ready
        screen.show_ready(console, url, user, options.state.log)
        if options.browser:
            webbrowser.open(url)
        _ready_model(bedrock, task, console)
        _keep_running(application, environment, console)
    except KeyboardInterrupt:
        console.print(
            "Stopping; answers that are being written are finished first. Ctrl-C again does not wait."
        )


def _ready_model(bedrock: BedrockServer, task: Task, console: Console) -> None:
    """Wait until the model is loaded, and have it read what stands before every first question."""
    if bedrock.is_loading:
        console.print("The model is still being loaded: what is asked meanwhile is answered then.")
        bedrock.wait_until_loaded()
        console.print("The model is loaded.")
    bedrock.read_ahead(first_words(task.environment))


def _deployed(emulator: Emulator, *, new_password: bool) -> tuple[Task, DemoUser]:
    """Return the deployed task, and someone to sign in."""
    client = partial(_client, emulator)
    stack = _stack(emulator)
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    task = read_task(client("ecs"), client("secretsmanager"), outputs["TaskDefinitionArn"])
    return task, ensure_demo_user(client("cognito-idp"), outputs["UserPoolId"], new_password=new_password)


def _stack(emulator: Emulator) -> dict[str, Any]:
    """What CloudFormation says of the deployed stack; nothing where there is none."""
    cloudformation = _client(emulator, "cloudformation")
    try:
        return cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    except cloudformation.exceptions.ClientError:
        return {}


def _client(emulator: Emulator, service: str) -> Any:
    """A boto3 client of the emulator."""
    return _session(emulator).client(service, endpoint_url=emulator.endpoint_url)  # type: ignore[call-overload]


@cache
def _session(emulator: Emulator) -> boto3.Session:
    """One for all clients: each reads anew what botocore knows of services and regions."""
    keys = emulator.environment()
    id_and_secret = keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"]
    return boto3.Session(*id_and_secret, region_name=emulator.region)


def _keep_running(application: Application, environment: dict[str, str], console: Console) -> None:
    for _ in range(RESTARTS):
        code = application.wait()
        console.print(f"The application ended by itself (exit code {code}); starting it again, as ECS would.")
        application.start(environment)
    application.wait()
    raise LocalError("The application keeps ending by itself; its log says why.")
