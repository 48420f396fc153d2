"""The image as Fargate runs it: read-only, without rights, against the deployed stack's AWS."""

import base64
import json
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from gradio_app.documents.extraction import extract
from gradio_app.documents.kinds import TEXT, kind_of
from local.emulator.environment import task_environment
from local.task import read_task
from local.users import DemoUser, ensure_demo_user
from templates.stacks import service
from tests.container.conftest import REPOSITORY, Built, Workshop
from tests.container.task import Task, running_task
from tests.emulator_fixture import REGION, RunningEmulator
from tests.gradio_app.documents import samples
from tests.serving import free_port

pytestmark = pytest.mark.slow

STACK = "asistente-container"
TMP = "/tmp"  # noqa: S108 (the container's own, and a mount)
UNCOMPILED = """
import os, sys
import gradio_app.serving
modules = [module for module in sys.modules.values() if getattr(module, "__cached__", None)]
print(len(modules), [module.__name__ for module in modules if not os.path.exists(module.__cached__)])
"""
READ = """
import base64, json, sys
from gradio_app.documents.extraction import extract
from gradio_app.documents.kinds import kind_of
for name, content in json.loads(sys.argv[1]).items():
    content = base64.b64decode(content)
    print(json.dumps(extract(content, kind_of(content, name)).text))
"""
DOCUMENTS = {
    "a.pdf": samples.pdf(samples.SPANISH),
    "a.docx": samples.word(),
    "a.pptx": samples.slides(),
    "a.xlsx": samples.workbook(),
    "a.html": samples.web_page().encode(),
    "a.eml": samples.mail(),
    "a.md": samples.MARKDOWN.encode(),
    "a.vtt": samples.SUBTITLES.encode(),
    "a.csv": b"part,price\nB-7,12\n",
    "a.txt": samples.SPANISH.encode("cp1252"),
}


@dataclass(frozen=True)
class Deployed:
    """The stack in the emulator: the container's environment and rights, as on ECS, and a new user."""

    environment: dict[str, str] = field(repr=False)
    user: DemoUser


@pytest.fixture(scope="module")
def deployed(emulator: RunningEmulator) -> Deployed:
    command = ["./deploy.sh", "deploy", "--stack", STACK, "--yes", "--unproved"]
    parameters = ["--parameters", "local/parameters.toml", "ModelId=local.none", "FrontDoor=http"]
    done = subprocess.run(
        [*command, *parameters],
        cwd=REPOSITORY,
        env=emulator.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    stack = emulator.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    task = read_task(emulator.client("ecs"), emulator.client("secretsmanager"), outputs["TaskDefinitionArn"])
    aws = task_environment(emulator.endpoint_url, REGION, task.role_arn)
    user = ensure_demo_user(emulator.client("cognito-idp"), outputs["UserPoolId"])
    return Deployed(aws | task.environment, user)


@pytest.fixture(scope="module")
def task(
    workshop: Workshop, built: Built, deployed: Deployed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Task]:
    folder = tmp_path_factory.mktemp("task")
    with running_task(workshop.engine, built.image, deployed.environment, free_port(), folder) as task:
        task.until(task.is_healthy)
        yield task


def test_it_declares_what_the_task_definition_says(workshop: Workshop, built: Built) -> None:
    (image,) = json.loads(workshop.engine.run("podman", "image", "inspect", built.image))
    assert image["Config"]["User"] == service.USER
    assert image["Healthcheck"]["Test"] == service.HEALTH_COMMAND
    # Fargate gives the mounted folder to root alone unless the image declares it.
    assert list(image["Config"]["Volumes"]) == [TMP]


def test_it_runs_without_rights_and_writes_to_nothing_but_tmp(task: Task) -> None:
    status = dict(
        line.split(":\t") for line in task.run("cat", "/proc/1/status").splitlines() if ":\t" in line
    )
    assert status["Uid"].split() == ["10001"] * 4
    assert {status["CapPrm"], status["CapEff"], status["CapBnd"]} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    folders = f"{TMP} /app /opt/venv /var/tmp /run /home /dev"
    touch = f"for each in {folders}; do touch $each/new 2>/dev/null && echo $each; done; true"
    assert task.run("sh", "-c", touch) == TMP


def test_it_holds_nothing_that_builds_or_installs(task: Task) -> None:
    looked_for = "for each in pip pip3 gcc cc make apt-get; do command -v $each; done; true"
    assert task.run("sh", "-c", looked_for) in ("", "/usr/bin/apt-get")
    modules = "import importlib.util as u; print([m for m in ('pip', 'ensurepip') if u.find_spec(m)])"
    assert task.run("python", "-c", modules) == "[]"


def test_every_module_it_imports_is_compiled(task: Task) -> None:
    count, uncompiled = task.run("python", "-c", UNCOMPILED).split(" ", 1)
    assert uncompiled == "[]"
    assert int(count) > 500


def test_it_reads_documents_with_what_was_left_in_it(task: Task) -> None:
    here = {
        name: extract(content, kind_of(content, name) or TEXT).text for name, content in DOCUMENTS.items()
    }
    sent = {name: base64.b64encode(each).decode() for name, each in DOCUMENTS.items()}
    there = task.run("python", "-c", READ, json.dumps(sent)).splitlines()
    assert dict(zip(DOCUMENTS, map(json.loads, there), strict=True)) == here


def test_a_user_signs_in_and_chooses_a_password(task: Task, deployed: Deployed) -> None:
    password = f"Aa1-{secrets.token_hex(8)}"
    headers = {"Origin": task.url, "Accept": "text/html"}  # as a browser that looks at pages
    with httpx.Client(base_url=task.url, headers=headers, follow_redirects=True, trust_env=False) as browser:
        assert browser.get("/readyz").json()["ready"]
        assert browser.get("/").url.path == "/login"
        credentials = {"email": deployed.user.name, "password": str(deployed.user.temporary_password)}
        assert browser.post("/login", data=credentials).url.path == "/login/step"
        chat = browser.post("/login/step", data={"new_password": password, "repeat": password})
        assert (chat.status_code, chat.url.path) == (200, "/")
        assert "gradio" in chat.text
        assert browser.get("/account").status_code == 200


def test_without_settings_it_says_which_are_missing(workshop: Workshop, built: Built) -> None:
    command = workshop.engine.command("podman", "run", "--rm", built.image)
    done = subprocess.run(
        command, env={**workshop.engine.environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "POOL_ID" in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_to_the_first_process_ends_it_in_order(
    workshop: Workshop, built: Built, deployed: Deployed, tmp_path: Path
) -> None:
    with running_task(workshop.engine, built.image, deployed.environment, free_port(), tmp_path) as task:
        task.until(task.is_healthy)
        task.signal("TERM")
        assert task.exit_code_at_its_end() == 0, task.log()
