"""CodePipeline: pipelines from a zip in S3 to a CodeBuild project, whose build is played by the host program.

A service module in MiniStack's own form: it serves requests and its state is kept with the others.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_account_id,
    get_region,
    json_response,
)
from ministack.services import codebuild, s3

from local.emulator.registry import Attributes, Properties, add, camel_case, true

TARGET_PREFIX = "CodePipeline_20150709"
OnBuild = Callable[[dict[str, str]], None]

_pipelines = AccountRegionScopedDict()  # name -> the API's pipeline structure
_executions = AccountRegionScopedDict()  # name -> executions, newest first
_lock = threading.Lock()
_on_build: OnBuild | None = None


class ActionFailed(Exception):
    """An action of a pipeline failed; the message is what the execution reports."""


def install(on_build: OnBuild | None) -> None:
    global _on_build
    _on_build = on_build
    add("AWS::CodePipeline::Pipeline", _create, _delete, _update)


# --- CloudFormation ---


def _create(logical_id: str, properties: Properties, stack: str) -> tuple[str, Attributes]:
    name = properties.get("Name") or f"{stack}-{logical_id}-{uuid.uuid4().hex[:12]}"
    if name in _pipelines:
        raise ValueError(f"A pipeline with the name '{name}' already exists")
    _pipelines[name] = _structure(name, properties, version=1)
    _executions[name] = []
    _start(name, "CreatePipeline")
    return name, {"Version": "1"}


def _update(name: str, _old: Properties, new: Properties, _stack: str) -> tuple[str, Attributes]:
    version = _pipelines[name]["version"] + 1
    _pipelines[name] = _structure(name, new, version)
    if true(new.get("RestartExecutionOnUpdate")):
        _start(name, "StartPipelineExecution")
    return name, {"Version": str(version)}


def _delete(name: str, _properties: Properties) -> None:
    _pipelines.pop(name, None)
    _executions.pop(name, None)


def _structure(name: str, properties: Properties, version: int) -> dict[str, Any]:
    """The template's properties in the API's spelling; action configurations keep their own keys."""
    structure = camel_case(properties, keep=frozenset({"Configuration"}))
    structure.pop("restartExecutionOnUpdate", None)
    return structure | {"name": name, "version": version}


# --- executions ---


def _start(name: str, trigger: str) -> str:
    now = time.time()
    execution: dict[str, Any] = {
        "pipelineExecutionId": str(uuid.uuid4()),
        "pipelineVersion": _pipelines[name]["version"],
        "status": "InProgress",
        "startTime": now,
        "lastUpdateTime": now,
        "trigger": {"triggerType": trigger},
        "stages": {},
    }
    _executions[name].insert(0, execution)
    spawn_background(_execute, _pipelines[name], execution, thread_name=f"pipeline-{name}")
    return execution["pipelineExecutionId"]


def _execute(pipeline: dict[str, Any], execution: dict[str, Any]) -> None:
    for stage in pipeline["stages"]:
        execution["stages"][stage["name"]] = {"status": "InProgress", "actions": {}}
        try:
            for action in stage["actions"]:
                _act(action, execution["stages"][stage["name"]]["actions"])
        except ActionFailed as error:
            _finish(execution, stage["name"], "Failed", str(error))
            return
        execution["stages"][stage["name"]]["status"] = "Succeeded"
    _finish(execution, None, "Succeeded", "")


def _act(action: dict[str, Any], states: dict[str, Any]) -> None:
    state: dict[str, Any] = {}
    states[action["name"]] = state
    _change(state, "InProgress")
    provider = action["actionTypeId"]["provider"]
    try:
        if provider not in _PROVIDERS:
            raise ActionFailed(f"This emulator has no action provider {provider}.")
        _PROVIDERS[provider](action.get("configuration") or {})
    except ActionFailed as error:
        state |= {"errorDetails": {"code": "JobFailed", "message": str(error)}}
        _change(state, "Failed")
        raise
    _change(state, "Succeeded")


def _change(state: dict[str, Any], status: str) -> None:
    state |= {"status": status, "lastStatusChange": time.time()}


def _finish(execution: dict[str, Any], stage: str | None, status: str, summary: str) -> None:
    if stage:
        execution["stages"][stage]["status"] = status
    execution |= {"status": status, "statusSummary": summary, "lastUpdateTime": time.time()}


def _fetch_source(configuration: dict[str, Any]) -> None:
    bucket, key = configuration["S3Bucket"], configuration["S3ObjectKey"]
    if s3._get_object_data(bucket, key) is None:
        raise ActionFailed(f"The object with key '{key}' does not exist in bucket '{bucket}'.")


def _build(configuration: dict[str, Any]) -> None:
    name = configuration["ProjectName"]
    project = codebuild._projects.get(name)
    if project is None:
        raise ActionFailed(f"The CodeBuild project '{name}' does not exist.")
    variables = project["environment"].get("environmentVariables") or []
    variables = variables + json.loads(configuration.get("EnvironmentVariables") or "[]")
    if unresolved := [v["name"] for v in variables if v.get("type", "PLAINTEXT") != "PLAINTEXT"]:
        raise ActionFailed(f"This emulator resolves plain variables only, not {', '.join(unresolved)}.")
    if _on_build is None:
        raise ActionFailed("This emulator was started without anyone who plays builds.")
    try:
        _on_build({variable["name"]: variable["value"] for variable in variables})
    except Exception as error:  # whatever the host's build raises is a failed build
        raise ActionFailed(f"Build failed: {error}") from error


_PROVIDERS: dict[str, Callable[[dict[str, Any]], None]] = {"S3": _fetch_source, "CodeBuild": _build}


# --- API ---


async def handle_request(
    _method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, Any]
) -> tuple[int, dict[str, str], bytes]:
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    request = json.loads(body or b"{}")
    if operation == "ListPipelines":
        return json_response({"pipelines": [{"name": name} for name in list(_pipelines)]})
    if operation not in _OPERATIONS:
        return error_response_json("InvalidAction", f"This emulator does not serve {operation}.", 400)
    name = request.get("name") or request.get("pipelineName")
    if name not in _pipelines:
        message = f"Account '{get_account_id()}' does not have a pipeline with name '{name}'"
        return error_response_json("PipelineNotFoundException", message, 400)
    return json_response(_OPERATIONS[operation](name))


def _get(name: str) -> dict[str, Any]:
    arn = f"arn:aws:codepipeline:{get_region()}:{get_account_id()}:{name}"
    return {"pipeline": _pipelines[name], "metadata": {"pipelineArn": arn}}


def _list_executions(name: str) -> dict[str, Any]:
    summaries = [
        {key: value for key, value in execution.items() if key not in ("stages", "pipelineVersion")}
        for execution in _executions[name]
    ]
    return {"pipelineExecutionSummaries": summaries}


def _state(name: str) -> dict[str, Any]:
    latest = _executions[name][0] if _executions[name] else {"pipelineExecutionId": "", "stages": {}}
    return {
        "pipelineName": name,
        "pipelineVersion": _pipelines[name]["version"],
        "stageStates": [_stage_state(stage, latest) for stage in _pipelines[name]["stages"]],
    }


def _stage_state(stage: dict[str, Any], execution: dict[str, Any]) -> dict[str, Any]:
    run = execution["stages"].get(stage["name"])
    if run is None:
        return {"stageName": stage["name"], "actionStates": []}
    return {
        "stageName": stage["name"],
        "actionStates": [
            {"actionName": action, "latestExecution": state} for action, state in run["actions"].items()
        ],
        "latestExecution": {
            "pipelineExecutionId": execution["pipelineExecutionId"],
            "status": run["status"],
        },
    }


def _start_by_hand(name: str) -> dict[str, Any]:
    return {"pipelineExecutionId": _start(name, "StartPipelineExecution")}


_OPERATIONS: dict[str, Callable[[str], dict[str, Any]]] = {
    "GetPipeline": _get,
    "GetPipelineState": _state,
    "ListPipelineExecutions": _list_executions,
    "StartPipelineExecution": _start_by_hand,
}


# --- persistence, as MiniStack asks its services for it ---


def get_state() -> dict[str, Any]:
    return {"pipelines": _pipelines, "executions": _executions}


def load_persisted_state(data: dict[str, Any]) -> None:
    _pipelines._data.update(data["pipelines"]._data)
    _executions._data.update(data["executions"]._data)
    for execution in (each for history in _executions._data.values() for each in history):
        if execution["status"] == "InProgress":  # it ended with the last process
            execution |= {"status": "Stopped", "statusSummary": "The emulator was stopped."}


def reset() -> None:
    _pipelines.clear()
    _executions.clear()
