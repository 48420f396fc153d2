"""Has a new deployment take over what an earlier one has kept, where somebody asks for that."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.console import Console

from command_line import Parser, text
from deployer.account import earlier, kept, tagged
from deployer.account.kept import Kept
from deployer.account.unused import POOL
from deployer.cloudformation import imports, package, stack
from deployer.cloudformation.changes import ChangeSet
from deployer.cloudformation.foreseen import RETAINING, Action, Change, of_change_set
from deployer.cloudformation.intrinsics import Json
from deployer.cloudformation.inventory import inventory
from deployer.commands import foresight, operation
from deployer.commands.intended import Prepared
from deployer.console import say
from deployer.errors import UsageError
from deployer.offline import compared, consequences, described
from deployer.offline.compared import Unforeseeable

FLAG = "--take-over"


@dataclass(frozen=True, kw_only=True)
class Request:
    """Whether somebody asked for it, and which of several was named."""

    wanted: bool = False
    chosen: tuple[str, ...] = ()


NOT_WANTED = Request()


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One resource to take over, as the import describes it, and what the update changes of it then."""

    kept: Kept
    properties: Json
    because: tuple[str, ...] = ()


def arguments(parser: Parser) -> None:
    """Add what a command takes that can take over."""
    parser.add_argument(FLAG, action="store_true", help="have back what an earlier deployment kept")
    parser.add_argument(
        "--kept",
        type=text,
        action="append",
        default=[],
        metavar="ID",
        help="of several kept tables, pools or keys the one to take over: its name or id (may be repeated)",
    )


def request(wanted: bool, chosen: Sequence[str]) -> Request:
    """What was asked for; raises UsageError for a choice without the question."""
    if chosen and not wanted:
        raise UsageError(f"--kept says which one {FLAG} takes over: give that too.")
    return Request(wanted=wanted, chosen=tuple(chosen))


def intend(prepared: Prepared, asked: Request, console: Console) -> list[Taken]:
    """What is to be taken over; nothing when nobody asked, and no earlier attempt was begun.

    Raises UsageError when it cannot be, or when somebody has to say which.
    """
    if not asked.wanted and not imports.is_beginning(prepared.current):
        return []
    _require_room(prepared)
    try:
        written = foresight.written(prepared.options.out / "root.json")
        new = compared.whole(written, prepared.values)
    except Unforeseeable as error:
        raise UsageError(f"What an earlier deployment kept cannot be taken over: {error}.") from error
    aws, places = prepared.aws, _places(new)
    # What a failed creation kept goes before anything is made; who names it by --kept wants it all the same.
    going = {each.physical_id for each in _left(prepared).failed} - set(asked.chosen)
    found = kept.candidates(aws, prepared.options.stack, places, _in_the_bootstrap(prepared) | going)
    if not any(found.values()):
        raise UsageError(
            f"Nothing that an earlier deployment {prepared.options.stack} kept is in account {aws.account}, "
            f"region {aws.region}: look in the region where it was (--region), or deploy without {FLAG}."
        )
    chosen = kept.choose(aws, found, places, asked.chosen, _in_place(prepared))
    kept.require_keys(aws, chosen)
    for path in places.keys() - {each.path for each in chosen}:
        say(console, f"Nothing was kept for {path} ({places[path]}): a new one is made.", "yellow")
    return [_taken(each, written, new, chosen) for each in chosen]


def foreseen(found: foresight.Plan, taken: Iterable[Taken]) -> foresight.Plan:
    """A plan in which this is not made but taken over."""
    by_path = {each.kept.path: each for each in taken}
    return replace(found, changes=[_change(by_path.get(each.path), each) for each in found.changes])


def carry_out(prepared: Prepared, taken: Sequence[Taken], upload: package.Upload, console: Console) -> None:
    """Bring it into the root stack, from wherever an earlier attempt has ended; raises DeployError."""
    cloudformation, name = prepared.aws.cloudformation, prepared.options.stack
    tags = tagged.tags(name)
    _make_root(prepared, tags, console)
    there = imports.nested_titles(cloudformation, name)
    by_title: dict[str, list[Taken]] = defaultdict(list)
    for each in taken:
        if each.kept.title not in there:
            by_title[each.kept.title].append(each)
    if not by_title:
        return
    for left in imports.standing(cloudformation, name):
        imports.release(cloudformation, left, console)
    nested: dict[str, tuple[str, str]] = {}
    for title, some in by_title.items():
        url = _uploaded(some, upload)
        to_import = [_to_import(each.kept) for each in some]
        stack_name = imports.name_of(name, title)
        nested[title] = (imports.standalone(cloudformation, stack_name, url, to_import, tags, console), url)
    imports.nest(cloudformation, name, nested, tags, console)
    if any(each.kept.kind == POOL for each in taken):
        say(
            console,
            "The group of administrators went with the former stack: who is one has to be put into the new "
            "one, by `aws cognito-idp admin-add-user-to-group --group-name admins` or in the console.",
        )


def guard(prepared: Prepared, taken: Sequence[Taken], change_set: ChangeSet) -> None:
    """Raise UsageError when this change set would replace or remove something of what was taken over."""
    paths = {each.kept.path for each in taken}
    told = of_change_set(prepared.aws.cloudformation, change_set["ChangeSetId"])
    # What CloudFormation is not sure of was compared before anything was imported.
    sure = [each for each in told if each.path in paths and each.action is not Action.PERHAPS_REPLACE]
    if lost := list(consequences.losses(sure)):
        raise UsageError(
            "Not deployed: by CloudFormation's change set "
            + " ".join(each.message for each in lost)
            + " What was taken over is as it was; `./deploy.sh destroy` lets go of it again."
        )


# --- what is wanted, and whether it fits ---


def _require_room(prepared: Prepared) -> None:
    name = prepared.options.stack
    if prepared.running:
        raise UsageError(
            f"{name} is deployed already, with data of its own: {FLAG} is for a new deployment. To have "
            f"another's data, `./deploy.sh destroy --stack {name}` first, which keeps both, and say which "
            "with --kept."
        )
    if prepared.values.get("KeepData") == "no":
        raise UsageError(
            f"{FLAG} and KeepData=no exclude each other: what was kept would go with the new stack. Take it "
            "over with KeepData=yes; a later deployment can change that."
        )


def _places(new: Json) -> dict[str, str]:
    """What the templates keep, by path, as far as it is in a nested stack and can be found again."""
    return {
        path: each["Type"]
        for path, each in new["Resources"].items()
        if each.get("DeletionPolicy") in RETAINING and "/" in path and each["Type"] in kept.SERVICES
    }


def _in_the_bootstrap(prepared: Prepared) -> set[str]:
    """The physical ids of what is in the bootstrap stack, which an earlier attempt may have made."""
    if prepared.base is None:
        return set()
    return {each.physical_id for each in inventory(prepared.aws.cloudformation, prepared.base["StackId"])}


def _in_place(prepared: Prepared) -> dict[str, str]:
    """By path, the physical ids of what an earlier attempt has brought into the root."""
    current = prepared.current
    if current is None or not imports.is_beginning(current):
        return {}
    every = inventory(prepared.aws.cloudformation, current["StackId"])
    return {each.path: each.physical_id for each in every}


def _taken(each: Kept, written: Mapping[str, Json], new: Json, every: Iterable[Kept]) -> Taken:
    """How it is described; raises UsageError when no update makes of it what the templates want."""
    wanted = new["Resources"][each.path]
    known = {
        (one.path, name): value for one in every for name, value in (("", one.physical_id), ("Arn", one.arn))
    }
    resolved = described.substituted(wanted["Properties"], known)
    properties = described.described(_names(each, written), resolved, each.properties)
    before = {"Resources": {each.path: wanted | {"Properties": properties}}}
    after = {"Resources": {each.path: wanted | {"Properties": resolved}}}
    found = compared.changes(before, after)
    fixed = [
        name
        for name in described.FIXED.get(each.kind, ())
        if compared.changes(_only(each, properties, name), _only(each, resolved, name))
    ]
    if fixed or any(change.action in compared.REPLACED for change in found):
        what = fixed or [reason for change in found for reason in change.because]
        raise UsageError(
            f"{each} cannot be taken over: it differs from what this version makes in {', '.join(what)}, "
            "which nothing changes once it is made. Deploy the version that made it."
        )
    _require_at_most_one_new_index(each, properties, resolved)
    return Taken(kept=each, properties=properties, because=tuple(w for c in found for w in c.because))


def _require_at_most_one_new_index(each: Kept, properties: Json, wanted: Json) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html"""

    def indexes(table: Json) -> set[str]:
        kinds = ("GlobalSecondaryIndexes", "VectorIndexes")
        return {index["IndexName"] for kind in kinds for index in table.get(kind, [])}

    missing = sorted(indexes(wanted) - indexes(properties))
    if len(missing) > 1:
        raise UsageError(
            f"{each} lacks the indexes {' and '.join(missing)}, and DynamoDB makes one of a live table at a "
            'time: take it over with EmbeddingModelId = "" in parameters.toml, and deploy again with a model.'
        )


def _only(each: Kept, properties: Json, name: str) -> Json:
    value = {name: properties[name]} if name in properties else {}
    return {"Resources": {each.path: {"Type": each.kind, "Properties": value}}}


def _names(each: Kept, written: Mapping[str, Json]) -> Collection[str]:
    """The properties of which the template can say something, whatever the parameters."""
    url = written["root"]["Resources"][each.title]["Properties"]["TemplateURL"]
    return written[url.removesuffix(".json")]["Resources"][each.logical_id]["Properties"].keys()


def _change(taken: Taken | None, change: Change) -> Change:
    if taken is None:
        return change
    return replace(change, action=Action.TAKE_OVER, because=taken.because)


# --- how it is done ---


def _make_root(prepared: Prepared, tags: Mapping[str, str], console: Console) -> None:
    """Make the root with nothing in it yet, unless an earlier attempt has."""
    name = prepared.options.stack
    if imports.is_beginning(stack.find(prepared.aws.cloudformation, name)):
        return
    template = imports.root()
    wanted = stack.Wanted(
        name=name, template=template, body=json.dumps(template), parameters={}, capabilities=[], tags=tags
    )
    operation.apply(prepared.aws, wanted, prepared.options, console)


def _uploaded(some: Iterable[Taken], upload: package.Upload) -> str:
    """Upload the template of a stack with nothing but these; return its address."""
    template = imports.template(
        {
            each.kept.logical_id: {
                "Type": each.kept.kind,
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": each.properties,
            }
            for each in some
        }
    )
    body = json.dumps(template, indent=1).encode()
    return upload(f"{package.FOLDER}{hashlib.sha256(body).hexdigest()}.json", body)


def _to_import(each: Kept) -> Json:
    return {
        "ResourceType": each.kind,
        "LogicalResourceId": each.logical_id,
        "ResourceIdentifier": each.identifier,
    }


def hint(prepared: Prepared, console: Console) -> None:
    """Say what earlier deployments of that name have left; raises what boto3 raises."""
    left = _left(prepared, lambda sentence: say(console, sentence, "yellow"))
    for each in left.failed:
        say(console, f"A creation that failed left {each}. {earlier.GOES}", "yellow")
    for arn in left.kept:
        say(console, f"An earlier deployment left {arn}. {kept.remedy(arn)}", "yellow")


def _left(prepared: Prepared, note: tagged.Note = lambda _: None) -> earlier.Left:
    present = [each for each in (prepared.current, prepared.base) if each]
    return earlier.left(prepared.aws, prepared.options.stack, present, note)
