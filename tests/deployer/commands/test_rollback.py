"""The deployments so far, and the way back to one, on the emulator."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deployer.account import history
from deployer.account.history import Record, Result
from deployer.cloudformation import stack
from deployer.commands import deploy, doctor, recorded, rollback
from deployer.commands.consent import Consent
from deployer.commands.operation import Prove
from deployer.errors import DeployError, UsageError
from deployer.session import connect
from templates.stacks import bootstrap
from tests.deployer import calls
from tests.deployer import tiny as templates
from tests.deployer.tiny import Tiny

pytestmark = pytest.mark.slow


def bucket(tiny: Tiny) -> str:
    cloudformation = tiny.aws.client("cloudformation")
    [base] = cloudformation.describe_stacks(StackName=f"{tiny.stack}-bootstrap")["Stacks"]
    return base["Outputs"][0]["OutputValue"]


def records(tiny: Tiny) -> list[Any]:
    return history.newest(tiny.aws.client("s3"), bucket(tiny))


def newest(tiny: Tiny) -> Record:
    found = records(tiny)[0]
    assert isinstance(found, Record)
    return found


def listed(tiny: Tiny) -> list[str]:
    tiny.printed()
    rollback.show(tiny.options(), tiny.console)
    return [line.strip() for line in tiny.printed().splitlines() if line.startswith("  ")]


def given(tiny: Tiny) -> dict[str, str]:
    stack = tiny.aws.client("cloudformation").describe_stacks(StackName=tiny.stack)["Stacks"][0]
    return {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}


def with_another(out: Path, tag: str) -> None:
    """The tiny templates with one more queue in the nested stack."""
    templates.write(out, tag)
    path = out / "store.json"
    template = json.loads(path.read_text())
    template["Resources"]["Another"] = {"Type": "AWS::SQS::Queue"}
    path.write_text(json.dumps(template))


def resources(tiny: Tiny) -> set[str]:
    """What is in the nested stack."""
    cloudformation = tiny.aws.client("cloudformation")
    store = cloudformation.describe_stack_resource(StackName=tiny.stack, LogicalResourceId="Store")
    found = cloudformation.list_stack_resources(StackName=store["StackResourceDetail"]["PhysicalResourceId"])[
        "StackResourceSummaries"
    ]
    return {each["LogicalResourceId"] for each in found if each["ResourceStatus"] != "DELETE_COMPLETE"}


def test_a_deployment_leaves_a_record(tiny: Tiny) -> None:
    tiny.deploy(Greeting="hola")
    [record] = records(tiny)
    assert (record.command, record.result, record.proved) == ("deploy", Result.DONE, None)
    assert record.by.startswith("arn:aws:")
    assert record.parameters == given(tiny)
    assert record.seconds is not None
    s3 = tiny.aws.client("s3")
    for key in (*record.templates, record.template, record.source):
        assert s3.head_object(Bucket=bucket(tiny), Key=key)
    stored = json.loads(s3.get_object(Bucket=bucket(tiny), Key=history.key_of(record.id))["Body"].read())
    assert (stored["form"], stored["version"]) == (1, given(tiny)["ImageTag"])
    assert datetime.fromisoformat(stored["time"]) == record.begun


def test_what_a_record_names_lives_longer_than_the_record() -> None:
    assert bootstrap.DEPLOYMENTS == history.PREFIX
    template = bootstrap.template().to_dict()
    rules = template["Resources"]["Artifacts"]["Properties"]["LifecycleConfiguration"]["Rules"]
    days = {rule.get("Prefix", ""): rule["ExpirationInDays"] for rule in rules}
    assert days[history.PREFIX] <= days[""] - 2, "CloudFormation works on one operation for 36 hours at most"


def test_back_to_the_first_of_two_with_its_templates_and_parameters(tiny: Tiny) -> None:
    tiny.deploy(Greeting="hola")
    first, before = newest(tiny), resources(tiny)
    tiny.deploy(with_another, Greeting="adios")
    assert resources(tiny) == {*before, "Another"}
    tiny.printed()
    outputs = tiny.back(first.id)
    assert outputs["Greeting"] == "hola"
    assert resources(tiny) == before
    assert given(tiny) == first.parameters
    assert "1 to remove: Another" in tiny.printed()
    record = newest(tiny)
    assert (record.command, record.to, record.result) == ("rollback", first.id, Result.DONE)
    assert record.is_of(first.content, first.parameters)
    lines = listed(tiny)
    assert [line.endswith("runs now") for line in lines] == [True, False, False]
    assert f"back to {first.id}" in lines[0]
    assert all(line.startswith(each.id) for line, each in zip(lines, records(tiny), strict=True))


def test_what_changes_nothing_renews_the_record_of_what_runs(tiny: Tiny) -> None:
    tiny.deploy(Greeting="hola")
    tiny.deploy(Greeting="adios")
    before = [each.id for each in records(tiny)]
    s3, key = tiny.aws.client("s3"), history.key_of(before[0])
    written = s3.head_object(Bucket=bucket(tiny), Key=key)["VersionId"]
    deploy.run(
        tiny.options(Greeting="adios"), tiny.console, templates.write, unchecked=True, prove=lambda _: True
    )
    assert [each.id for each in records(tiny)] == before
    assert newest(tiny).proved is True
    assert s3.head_object(Bucket=bucket(tiny), Key=key)["VersionId"] != written


def test_what_runs_without_a_record_gets_one(tiny: Tiny) -> None:
    tiny.deploy()
    s3 = tiny.aws.client("s3")
    s3.delete_object(Bucket=bucket(tiny), Key=history.key_of(newest(tiny).id))
    assert listed(tiny) == []
    tiny.deploy()
    assert listed(tiny)[0].endswith("runs now")


def test_a_failed_deployment_is_recorded_and_says_what_there_is_to_go_back_to(tiny: Tiny) -> None:
    tiny.deploy(Greeting="first")
    first = newest(tiny)
    with pytest.raises(DeployError, match="timed out") as error:
        tiny.deploy(Greeting="adios", Hold=1)
    assert "rollback --to" not in str(error.value), "CloudFormation is back at the first by itself"
    tiny.deploy(Greeting="hola")
    with pytest.raises(DeployError, match=rf"(?s)timed out.*rollback --to {first.id} --stack {tiny.stack}"):
        tiny.deploy(Greeting="adios", Hold=1)
    assert newest(tiny).result is Result.FAILED
    assert "timed out" in newest(tiny).reason
    lines = listed(tiny)
    assert "failed" in lines[0]
    assert [line.endswith("runs now") for line in lines] == [False, True, False, False]
    assert tiny.back(first.id)["Greeting"] == "first"


def test_a_first_deployment_that_fails_has_no_way_back(tiny: Tiny) -> None:
    with pytest.raises(DeployError, match="timed out") as error:
        tiny.deploy(Hold=1, Logs="false")
    assert "rollback --to" not in str(error.value)
    failed = newest(tiny)
    assert failed.result is Result.FAILED
    with pytest.raises(DeployError, match=r"no stack .* that runs and could go back") as error:
        tiny.back(failed.id)
    assert error.value.exit_code == 2


def unwell(_: dict[str, str]) -> bool:
    raise DeployError("the model does not answer")


def proving(tiny: Tiny, prove: Prove, **parameters: Any) -> None:
    deploy.run(tiny.options(**parameters), tiny.console, templates.write, unchecked=True, prove=prove)


def test_what_is_not_proved_says_the_way_back_where_there_is_one(tiny: Tiny) -> None:
    with pytest.raises(DeployError) as error:
        proving(tiny, unwell)
    assert str(error.value) == "the model does not answer"
    proving(tiny, lambda _: True)
    first = newest(tiny)
    assert first.proved is True
    with pytest.raises(DeployError, match=rf"(?s)not answer.*rollback --to {first.id} ") as error:
        proving(tiny, unwell, Greeting="adios")
    assert (newest(tiny).result, newest(tiny).proved) == (Result.DONE, False)
    # What was itself not proved is no way back.
    with pytest.raises(DeployError, match=rf"(?s)not answer.*rollback --to {first.id} "):
        proving(tiny, unwell, Greeting="otra")
    assert "NOT PROVED: the model does not answer" in listed(tiny)[0]


def test_the_plan_is_shown_and_asked_for(tiny: Tiny) -> None:
    tiny.deploy(with_another)
    first = newest(tiny)
    tiny.deploy()
    before, count = given(tiny), len(records(tiny))
    with pytest.raises(DeployError, match="nothing was changed"):
        tiny.back(first.id, Consent(lambda _: "n"))
    assert f"back to {first.id}: 1 to add" in tiny.printed()
    assert given(tiny) == before
    assert len(records(tiny)) == count
    with pytest.raises(DeployError, match="give --yes") as error:
        tiny.back(first.id, Consent(lambda _: "y", is_there=False))
    assert error.value.exit_code == 2


def without_table(out: Path, tag: str) -> None:
    """The tiny templates as they were before there was a table."""
    templates.write(out, tag)
    path = out / "store.json"
    template = json.loads(path.read_text())
    del template["Resources"]["Table"]
    path.write_text(json.dumps(template))


def test_data_is_lost_only_by_the_flag(tiny: Tiny) -> None:
    tiny.deploy(without_table)
    first = newest(tiny)
    tiny.deploy()
    with pytest.raises(DeployError, match=r"data would be lost \(Store/Table\)") as error:
        tiny.back(first.id)
    assert error.value.exit_code == 2
    assert "Table" in resources(tiny)
    tiny.back(first.id, Consent(accepts_data_loss=True))
    assert "Table" not in resources(tiny)


def test_the_way_back_across_keep_data_is_in_the_plan(tiny: Tiny) -> None:
    tiny.deploy(KeepData="no")
    first = newest(tiny)
    tiny.deploy(KeepData="yes")
    tiny.printed()
    tiny.back(first.id)
    assert "Table (DeletionProtectionEnabled" in tiny.printed()
    assert given(tiny)["KeepData"] == "no"


@pytest.mark.parametrize("what", ["template", "nested", "source"])
def test_what_has_expired_is_one_sentence(tiny: Tiny, what: str) -> None:
    tiny.deploy(with_another, Greeting="hola")
    first = newest(tiny)
    tiny.deploy(Greeting="adios")
    [nested, *_] = set(first.templates) - set(newest(tiny).templates) - {first.template}
    gone = {"template": first.template, "nested": nested, "source": first.source}[what]
    tiny.aws.client("s3").delete_object(Bucket=bucket(tiny), Key=gone)
    with pytest.raises(DeployError, match=rf"^{re.escape(gone)} is not in the bucket any more: ") as error:
        tiny.back(first.id)
    assert error.value.exit_code == 2
    assert first.version in str(error.value)
    assert given(tiny)["Greeting"] == "adios"


def test_what_is_not_what_was_uploaded_is_refused(tiny: Tiny) -> None:
    tiny.deploy(Greeting="hola")
    first = newest(tiny)
    tiny.aws.client("s3").put_object(Bucket=bucket(tiny), Key=first.template, Body=b"{}")
    with pytest.raises(DeployError, match="is not what was uploaded under this name"):
        tiny.back(first.id)


def stored(record: Record, **changes: Any) -> bytes:
    fields = {"form": 1} | {name: getattr(record, name) for name in Record.__dataclass_fields__}
    return json.dumps({name: value for name, value in (fields | changes).items() if value != "-"}).encode()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (b"", "it is no JSON"),
        (b"\xff", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"[]", "it does not have the form"),
        (b" " * (history.MOST_BYTES + 1), "it has more than"),
        ({"form": 2}, r"a newer version wrote it \(form 2\)"),
        ({"form": True}, "it does not have the form"),
        ({"form": "1"}, "it does not have the form"),
        ({"parameters": "-"}, "it does not have the form"),
        ({"parameters": {"A": 1}}, "it does not have the form"),
        ({"result": "well"}, "it does not have the form"),
        ({"proved": 1}, "it does not have the form"),
        ({"seconds": -1}, "it does not have the form"),
        ({"seconds": float("nan")}, "it does not have the form"),
        ({"id": "20261128-000000-000"}, "it does not have the form"),
        ({"templates": [None]}, "it does not have the form"),
    ],
)
def test_a_record_that_cannot_be_read_is_listed_as_that(
    store: Tiny, changes: bytes | dict[str, Any], why: str
) -> None:
    record = replace(newest_good(store), id=history.new_id(datetime.now(UTC)))
    body = changes if isinstance(changes, bytes) else stored(record, **changes)
    s3, key = store.aws.client("s3"), history.key_of(record.id)
    s3.put_object(Bucket=bucket(store), Key=key, Body=body)
    try:
        lines = listed(store)
        assert re.fullmatch(rf"{record.id}  cannot be read: {why}.*", lines[0])
        assert lines[-1].endswith("runs now")
        with pytest.raises(DeployError, match=f"{record.id} cannot be used: {why}") as error:
            store.back(record.id)
        assert error.value.exit_code == 2
        store.deploy()
    finally:
        s3.delete_object(Bucket=bucket(store), Key=key)


def newest_good(tiny: Tiny) -> Record:
    return next(each for each in records(tiny) if isinstance(each, Record))


@pytest.fixture(scope="module")
def store(emulator: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One deployment for what changes nothing in it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.environment.items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        found = Tiny("tiny-history", tmp_path_factory.mktemp("history") / "out", emulator)
        found.deploy()
        yield found


@pytest.mark.parametrize(
    "to", ["1", "20261128-223119", "20261328-000000-000", "\u0662" * 8 + "-000000-000", "../x", "x" * 5000]
)
def test_what_is_no_id_is_refused(store: Tiny, to: str) -> None:
    with pytest.raises(DeployError, match=r"is no deployment's id, .*lists them\.$") as error:
        store.back(to)
    assert error.value.exit_code == 2


def test_an_id_of_nothing_is_refused(store: Tiny) -> None:
    with pytest.raises(DeployError, match="There is no record of a deployment 20200101-000000-000"):
        store.back("20200101-000000-000")


def test_where_nothing_is_deployed_there_is_nothing_to_list(tiny: Tiny) -> None:
    for call in (
        lambda: rollback.show(tiny.options(), tiny.console),
        lambda: tiny.back("20200101-000000-000"),
    ):
        with pytest.raises(DeployError, match="There is no deployment") as error:
            call()
        assert error.value.exit_code == 2


def test_the_list_is_bounded_and_has_the_newest(store: Tiny) -> None:
    record, s3, many = newest_good(store), store.aws.client("s3"), history.LISTED + 5
    old = [replace(record, id=f"20200101-0000{n:02}-000", by="arn:aws:iam::1:user/old") for n in range(many)]
    for each in old:
        history.write(s3, bucket(store), each)
    try:
        found = [each.id for each in records(store)]
    finally:
        for each in old:
            s3.delete_object(Bucket=bucket(store), Key=history.key_of(each.id))
    assert found == [record.id, *(each.id for each in reversed(old))][: history.LISTED]


def test_a_record_that_cannot_be_written_is_a_warning(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")

    monkeypatch.setattr(history, "write", denied)
    assert tiny.deploy()["Greeting"] == "hello"
    assert "cannot be recorded (begun)" in tiny.printed()
    assert listed(tiny) == []


def test_records_that_may_not_be_read_hinder_no_deployment(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectsV2")

    tiny.deploy()
    with monkeypatch.context() as patch:
        patch.setattr(history, "newest", denied)
        assert tiny.deploy(Greeting="hola")["Greeting"] == "hola"
        tiny.deploy(Greeting="hola")  # which looks for the record of what runs, and leaves one of its own
        with pytest.raises(DeployError, match="Access denied to ListObjectsV2") as error:
            rollback.show(tiny.options(), tiny.console)
        assert error.value.exit_code == 2
    assert len(records(tiny)) == 3


def test_previous_is_the_newest_good_deployment_of_something_else_before_what_runs(tiny: Tiny) -> None:
    def fails(_: dict[str, str]) -> bool:
        raise DeployError("nothing answers")

    for greeting in ("uno", "dos"):
        tiny.deploy(Greeting=greeting)
    for greeting in ("tres", "cuatro"):
        with pytest.raises(DeployError, match="nothing answers"):
            deploy.run(
                tiny.options(Greeting=greeting), tiny.console, templates.write, unchecked=True, prove=fails
            )
    tiny.back(rollback.PREVIOUS)
    assert given(tiny)["Greeting"] == "dos"
    tiny.back(rollback.PREVIOUS)
    assert given(tiny)["Greeting"] == "uno"


def test_what_a_later_proof_found_broken_is_no_way_back(tiny: Tiny) -> None:
    """As in a workflow, which deploys without the proof and proves by a command of its own."""
    proving(tiny, lambda _: True, Greeting="uno")
    tiny.deploy(Greeting="dos")
    looked_at(tiny, "nothing answers")
    assert (newest(tiny).proved, newest(tiny).reason) == (False, "nothing answers")
    tiny.deploy(Greeting="tres")
    tiny.back(rollback.PREVIOUS)
    assert given(tiny)["Greeting"] == "uno"


def test_what_was_proved_once_stays_so(tiny: Tiny) -> None:
    tiny.deploy(Greeting="uno")
    for why_not, proved in (("a model is away", False), ("", True), ("a model is away", True)):
        looked_at(tiny, why_not)
        assert newest(tiny).proved is proved
    with pytest.raises(DeployError, match="does not answer"):
        proving(tiny, unwell, Greeting="uno")
    assert newest(tiny).proved is True


def test_a_proof_of_what_was_changed_meanwhile_is_not_recorded(tiny: Tiny) -> None:
    tiny.deploy(Greeting="uno")
    before = described(tiny)
    tiny.deploy(Greeting="dos")
    recorded.proved_later(connect(tiny.options()), tiny.options(), tiny.console, before, "nothing answers")
    assert [each.proved for each in records(tiny)] == [None, None]


@pytest.mark.parametrize("operation", ["ListObjectsV2", "GetTemplate", "PutObject"])
def test_a_proof_that_cannot_be_recorded_is_a_line(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    tiny.deploy()
    tiny.printed()
    with monkeypatch.context() as patch:
        calls.refused(patch, operation, "AccessDenied")
        looked_at(tiny, "nothing answers")
    assert re.search(rf"record.*Access denied to {operation}", tiny.printed())
    assert newest(tiny).proved is None


def described(tiny: Tiny) -> Any:
    return stack.find(tiny.aws.client("cloudformation"), tiny.stack)


def looked_at(tiny: Tiny, why_not: str) -> None:
    """What `verify` does with its result."""
    options = tiny.options()
    recorded.proved_later(connect(options), options, tiny.console, described(tiny), why_not)


@pytest.mark.parametrize("outcome", ["outcome.txt", "no folder/outcome.txt"])
def test_a_deployment_says_for_machines_whether_anything_changed(tiny: Tiny, outcome: str) -> None:
    file = tiny.out.parent / outcome

    def deployed(prove: Prove = lambda _: True, **parameters: Any) -> str:
        deploy.run(
            tiny.options(**parameters),
            tiny.console,
            templates.write,
            unchecked=True,
            prove=prove,
            told=file,
        )
        return file.read_text().splitlines()[-1]

    if "/" in outcome:
        with pytest.raises(DeployError, match="No such file or directory") as error:
            deployed()
        assert error.value.exit_code == 2
        assert tiny.printed() == ""
        return
    file.write_text("of_the_step_before=1\n")
    assert deployed() == "changed=true"
    assert deployed() == "changed=false"
    # Of what was begun and not seen to its end nobody has said that it changed something.
    record = newest(tiny)
    history.write(tiny.aws.client("s3"), bucket(tiny), replace(record, result=Result.BEGUN, proved=None))
    assert deployed() == "changed=true"
    with pytest.raises(DeployError, match="does not answer"):
        deployed(unwell, Greeting="dos")
    with pytest.raises(DeployError, match="timed out"):
        deployed(Greeting="tres", Hold=1)
    told = ["of_the_step_before=1", *(f"changed={each}" for each in ("true", "false", "true", "true"))]
    assert file.read_text().splitlines() == told


def test_what_is_not_well_stops_the_way_back_before_anything_is_changed(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[dict[str, str]] = []

    def wrong(_aws: Any, _options: Any, values: dict[str, str], *_: Any) -> None:
        looked.append(dict(values))
        raise UsageError("The line in red above must be set right first")

    tiny.deploy(Greeting="uno")
    tiny.deploy(Greeting="dos")
    monkeypatch.setattr(doctor, "require_well", wrong)
    with pytest.raises(UsageError, match="must be set right first"):
        rollback.run(tiny.options(), tiny.console, rollback.PREVIOUS)
    assert looked[0]["Greeting"] == "uno"
    assert given(tiny)["Greeting"] == "dos"
    tiny.back(rollback.PREVIOUS)
    assert given(tiny)["Greeting"] == "uno"


def test_where_there_is_nothing_before_it_is_said_and_nothing_is_changed(tiny: Tiny) -> None:
    tiny.deploy(Greeting="uno")
    with pytest.raises(DeployError, match="recorded before what runs now") as refused:
        tiny.back(rollback.PREVIOUS)
    assert refused.value.exit_code == 2
    assert len(records(tiny)) == 1
