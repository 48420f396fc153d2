"""The commands that change something: what each begins from, and what is right when it has ended."""

from __future__ import annotations

import itertools
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from deployer.account import history
from deployer.cloudformation import stack
from gradio_app.store import schema
from tests.deployer.faults.account import everything
from tests.deployer.faults.process import BOOTSTRAP_DESCRIPTION, HURRIED, Commands, Ended, Running, commands
from tests.deployer.faults.wire import HANGING, Fault, Wire, wire
from tests.emulator_fixture import REGION, RunningEmulator

DEADLINE_SECONDS = 60
UNASKED = ("--yes",)
DEPLOY = ("deploy", "--unchecked", "--unproved")
DATA = ("--data", "delete", "--accept-data-loss")


class World:
    """The emulator behind the wire, and the commands against it."""

    def __init__(self, aws: RunningEmulator, wire: Wire, commands: Commands, folder: Path) -> None:
        self.aws, self.wire, self.commands, self.out = aws, wire, commands, folder / "out"
        self.variables: dict[str, str] = {}
        self.fresh = itertools.count(1)
        self._clients: dict[str, Any] = {}

    def run(self, *arguments: str, fault: Fault | None = None) -> Ended:
        """Run a command with this fault; what it calls is in the wire's `calls`."""
        environment = {**self.aws.environment, "AWS_ENDPOINT_URL": self.wire.endpoint_url, **self.variables}
        if fault and fault.kind in HANGING:
            environment[HURRIED] = "yes"
        started: Future[Running] = Future()
        self.wire.arm(fault, lambda: started.result().kill())
        started.set_result(self.commands.start(arguments, environment, self.out))
        return started.result().ended()

    def must(self, *arguments: str) -> Ended:
        """Run a command that has to succeed."""
        ended = self.run(*arguments)
        assert ended.code == 0, f"{' '.join(arguments)}: {ended.out}{ended.err}"
        return ended

    def client(self, service: str) -> Any:
        """Straight to the emulator."""
        if service not in self._clients:
            # Again where the emulator has closed an idle connection.
            self._clients[service] = boto3.client(
                service,
                region_name=REGION,
                endpoint_url=self.aws.endpoint_url,
                aws_access_key_id=self.aws.environment["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self.aws.environment["AWS_SECRET_ACCESS_KEY"],
            )
        return self._clients[service]

    def everything(self) -> set[str]:
        """What there is in the account."""
        return everything(self.client)

    def stack(self, name: str) -> dict[str, Any] | None:
        """A stack as it is now."""
        return stack.find(self.client("cloudformation"), name)

    def at_rest(self, name: str) -> dict[str, Any] | None:
        """The same, when nothing goes on in it any more."""
        end = time.monotonic() + DEADLINE_SECONDS
        while (found := self.stack(name)) and stack.is_busy(found):
            assert time.monotonic() < end, f"{name} is {found['StackStatus']} for ever"
            time.sleep(0.05)
        return found


@contextmanager
def world(aws: RunningEmulator) -> Iterator[World]:
    """The emulator with a wire before it."""
    with wire(aws.endpoint_url) as between, commands() as starting, TemporaryDirectory() as folder:
        yield World(aws, between, starting, Path(folder))


def fresh_name() -> str:
    """The name of a deployment of which nothing is left in the emulator, whatever other tests made there."""
    return f"tried-{token_hex(4)}"


class Case(ABC):
    """A command; `prepare` is called before each run of it, and does what is necessary only."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.name = fresh_name()
        self.before = world.everything()

    @property
    def on(self) -> tuple[str, ...]:
        """Which deployment a command is about, and that it asks nothing."""
        return ("--stack", self.name, *UNASKED)

    def deploy(self, *parameters: str) -> Ended:
        """Deploy with these parameters."""
        return self.world.must(*DEPLOY, *self.on, *parameters)

    @abstractmethod
    def prepare(self) -> None:
        """Bring about what the command begins from."""

    @abstractmethod
    def arguments(self) -> Sequence[str]:
        """The command line."""

    @abstractmethod
    def require_done(self) -> None:
        """Fail unless all is as it shall be after the command."""

    code = 0
    """With which it ends where nothing is wrong at the wire."""

    own_end = ""
    """In what the command says at its end where nothing is wrong at the wire and it fails."""

    data: tuple[str, ...] = DATA
    """What `destroy` is given besides, so that nothing stays."""

    done_twice = ""
    """What the command says in its refusal where it has been carried out already."""

    def clear(self) -> None:
        """Take everything away again by the product's own command; fail when something is left."""
        self.world.at_rest(self.name)
        self.world.at_rest(f"{self.name}-bootstrap")
        ended = self.world.must("destroy", *self.on, *self.data)
        left = self.world.everything() - self.before
        assert not left, f"destroy leaves {left}: {ended.out}"

    def require_no_change_sets(self) -> None:
        """Fail when a change set is left that nobody carries out."""
        left = [each for each in self.world.everything() - self.before if each.startswith("change set")]
        assert not left, left

    def output(self, name: str) -> str:
        """One of the root stack's."""
        found = self.world.stack(self.name)
        assert found, f"{self.name} is not there"
        assert found["StackStatus"] in stack.WELL, found["StackStatus"]
        return stack.outputs(found)[name]


class First(Case):
    """The first deployment, of a new name each time."""

    again = True
    """Whether the same command follows a failed one; else `destroy` does."""

    def prepare(self) -> None:
        if self.world.stack(f"{self.name}-bootstrap") or self.world.stack(self.name):
            self.clear()
        self.name = fresh_name()

    def arguments(self) -> Sequence[str]:
        return [*DEPLOY, *self.on, "KeepData=yes", "Greeting=hola"]

    def require_done(self) -> None:
        assert self.output("Greeting") == "hola"
        self.require_no_change_sets()


class FirstThatFails(First):
    """A first deployment that CloudFormation takes back: what it kept is removed by the same command."""

    code = 1
    own_end = "could not be created"
    data = ()  # nobody ever used it

    def arguments(self) -> Sequence[str]:
        return [*DEPLOY, *self.on, "KeepData=yes", "Hold=1"]

    def require_done(self) -> None:
        left = self.world.everything() - self.before
        kinds = {each.partition(" ")[0] for each in left}
        assert kinds <= {"stack", "bucket"}, left

    def kept(self, before: set[str]) -> set[str]:
        """What costs something and is in no stack any more."""
        found = self.world.at_rest(self.name)
        if found and found["StackStatus"] != "ROLLBACK_COMPLETE":
            return set()
        left = self.world.everything() - before
        return {each for each in left if each.partition(" ")[0] in ("table", "pool", "key")}


class Update(Case):
    """A deployment over another one."""

    greeting = ""

    def prepare(self) -> None:
        if not self.world.stack(self.name):
            self.deploy("Greeting=first")
        self.greeting = f"greeting-{next(self.world.fresh)}"

    def arguments(self) -> Sequence[str]:
        return [*DEPLOY, *self.on, f"Greeting={self.greeting}"]

    def require_done(self) -> None:
        assert self.output("Greeting") == self.greeting
        self.require_no_change_sets()


class UpdateThatFails(Update):
    """An update that CloudFormation takes back."""

    code = 1
    own_end = "could not be updated"

    def arguments(self) -> Sequence[str]:
        return [*DEPLOY, *self.on, f"Greeting={self.greeting}", "Hold=1"]

    def require_done(self) -> None:
        assert self.output("Greeting") == "first"
        self.require_no_change_sets()


class BootstrapUpdate(Update):
    """A deployment that changes the bootstrap stack too."""

    def prepare(self) -> None:
        super().prepare()
        self.world.variables[BOOTSTRAP_DESCRIPTION] = self.greeting

    def require_done(self) -> None:
        super().require_done()
        s3, bucket = self.world.client("s3"), bucket_of(self)
        tags = {each["Key"]: each["Value"] for each in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
        assert tags["Description"] == self.greeting

    def clear(self) -> None:
        self.world.variables.clear()
        super().clear()


def bucket_of(case: Case) -> str:
    """The artifact bucket."""
    found = case.world.stack(f"{case.name}-bootstrap")
    assert found
    return stack.outputs(found)["ArtifactBucketName"]


class Plan(Update):
    """What a deployment would do, which changes nothing."""

    def arguments(self) -> Sequence[str]:
        return ["plan", *self.on, f"Greeting={self.greeting}"]

    def require_done(self) -> None:
        """Whether the change set is gone, or named, is looked at after each run."""
        assert self.output("Greeting") == "first"

    def clear(self) -> None:
        """The next deployment takes the change sets away that were left."""
        self.deploy("Greeting=last")
        self.require_no_change_sets()
        super().clear()


class Back(Case):
    """Back to the deployment before."""

    to = ""

    def prepare(self) -> None:
        found = self.world.at_rest(self.name)
        if found is None:
            self.deploy("Greeting=first")
            self.to = self._newest()
        if found is None or self.output("Greeting") == "first":
            self.deploy("Greeting=second")

    def _newest(self) -> str:
        [found] = history.newest(self.world.client("s3"), bucket_of(self), 1)
        return found.id

    def arguments(self) -> Sequence[str]:
        return ["rollback", "--unchecked", "--unproved", "--to", self.to, *self.on]

    def require_done(self) -> None:
        assert self.output("Greeting") == "first"
        self.require_no_change_sets()


class Destroy(Case):
    """Everything goes but the data."""

    keeps = True
    """Whether the data of the run before may be left."""

    def prepare(self) -> None:
        there = [name for name in (self.name, f"{self.name}-bootstrap") if self.world.stack(name)]
        if len(there) == 1 or (not there and self.keeps):
            self.clear()
        if len(there) < 2:
            self.deploy("KeepData=yes")

    def arguments(self) -> Sequence[str]:
        return ["destroy", *self.on]

    def require_done(self) -> None:
        left = self.world.everything() - self.before
        assert {each.partition(" ")[0] for each in left} == {"table", "pool", "key"}, left


class DestroyData(Destroy):
    """Everything goes."""

    keeps = False

    def arguments(self) -> Sequence[str]:
        return ["destroy", *self.on, *DATA]

    def require_done(self) -> None:
        left = self.world.everything() - self.before
        assert not left, left


class Stuck(Case):
    """A rollback that failed, for a reason that is gone."""

    def prepare(self) -> None:
        found = self.world.at_rest(self.name)
        if found and found["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
            return
        if not found:
            self.deploy("Greeting=first")
        [bucket] = [each for each in self._buckets() if "-artifacts-" not in each]
        s3 = self.world.client("s3")
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
        s3.delete_bucket(Bucket=bucket)
        self.world.run(*DEPLOY, *self.on, "Logs=false", "Hold=1")
        s3.create_bucket(Bucket=bucket)
        found = self.world.stack(self.name)
        assert found, "it is gone"
        assert found["StackStatus"] == "UPDATE_ROLLBACK_FAILED", found["StackStatus"]

    def _buckets(self) -> list[str]:
        found = self.world.client("s3").list_buckets()["Buckets"]
        return [each["Name"] for each in found if each["Name"].startswith(f"{self.name}-")]

    done_twice = "there is no failed rollback to go on with"

    def arguments(self) -> Sequence[str]:
        return ["continue-rollback", *self.on]

    def require_done(self) -> None:
        found = self.world.at_rest(self.name)
        assert found, "it is gone"
        assert found["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", found["StackStatus"]


class Github(Case):
    """The roles of a repository's workflows, made anew each time."""

    def prepare(self) -> None:
        if self.world.stack(f"github-{self.name}"):
            self.clear()
        iam = self.world.client("iam")
        for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
            iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=each["Arn"])

    def arguments(self) -> Sequence[str]:
        return ["github", "--repository", "acme/chat", *self.on]

    def require_done(self) -> None:
        found = self.world.stack(f"github-{self.name}")
        assert found, "no stack"
        assert found["StackStatus"] in stack.WELL, found["StackStatus"]
        self.require_no_change_sets()

    def clear(self) -> None:
        self.world.at_rest(f"github-{self.name}")
        self.world.must("github", "--remove", *self.on)
        left = self.world.everything() - self.before
        assert not left, left


class GithubRemove(Github):
    """The roles go."""

    def prepare(self) -> None:
        if not self.world.stack(f"github-{self.name}"):
            self.world.must("github", "--repository", "acme/chat", *self.on)

    def arguments(self) -> Sequence[str]:
        return ["github", "--remove", *self.on]

    def require_done(self) -> None:
        left = self.world.everything() - self.before
        assert not left, left


class Person(Case):
    """Of somebody in the pool of a deployment."""

    def __init__(self, world: World) -> None:
        from tests.deployer.commands import running_deployment

        super().__init__(world)
        cloudformation = world.client("cloudformation")
        cloudformation.create_stack(
            StackName=self.name,
            TemplateBody=json.dumps(running_deployment.template()),
            Capabilities=["CAPABILITY_IAM"],
        )
        found = world.at_rest(self.name)
        assert found
        outputs = stack.outputs(found)
        self.pool, self.table = outputs["UserPoolId"], outputs["TableName"]
        self.cognito, self.dynamodb = world.client("cognito-idp"), world.client("dynamodb")
        self.email = ""

    def clear(self) -> None:
        """The stack was made by other means, and goes so."""
        self.world.client("cloudformation").delete_stack(StackName=self.name)
        self.world.at_rest(self.name)

    def users(self) -> dict[str, str]:
        """Everybody's id by address."""
        found = self.cognito.list_users(UserPoolId=self.pool)["Users"]
        return {
            next(item["Value"] for item in each["Attributes"] if item["Name"] == "email"): each["Username"]
            for each in found
        }

    def groups(self) -> list[str]:
        """Of the person."""
        found = self.cognito.admin_list_groups_for_user(UserPoolId=self.pool, Username=self.email)
        return [each["GroupName"] for each in found["Groups"]]


class Invite(Person):
    """Somebody new, into the group of administrators."""

    def prepare(self) -> None:
        self.email = f"ana{next(self.world.fresh)}@example.com"

    def arguments(self) -> Sequence[str]:
        return ["user", self.email, "--admin", *self.on]

    def require_done(self) -> None:
        assert self.groups() == ["admins"]


class InviteOnly(Invite):
    """Somebody new."""

    done_twice = "is there already"

    def arguments(self) -> Sequence[str]:
        return ["user", self.email, *self.on]

    def require_done(self) -> None:
        assert self.email in self.users()


class Disable(Person):
    """Somebody is shut out."""

    def prepare(self) -> None:
        if not self.email:
            self.email = "ana@example.com"
            self.world.must("user", self.email, *self.on)
        self.cognito.admin_enable_user(UserPoolId=self.pool, Username=self.email)

    def arguments(self) -> Sequence[str]:
        return ["user", self.email, "--disable", *self.on]

    def require_done(self) -> None:
        assert not self.cognito.admin_get_user(UserPoolId=self.pool, Username=self.email)["Enabled"]


class Resend(Disable):
    """Somebody is invited again."""

    def arguments(self) -> Sequence[str]:
        return ["user", self.email, "--resend", *self.on]

    def require_done(self) -> None:
        """The mail is all there is of it."""


class NoAdmin(Disable):
    """Somebody is no administrator any more."""

    def prepare(self) -> None:
        super().prepare()
        self.cognito.admin_add_user_to_group(UserPoolId=self.pool, Username=self.email, GroupName="admins")

    def arguments(self) -> Sequence[str]:
        return ["user", self.email, "--no-admin", *self.on]

    def require_done(self) -> None:
        assert not self.groups()


class NoAuthenticator(Resend):
    """Somebody's authenticator app is forgotten."""

    def arguments(self) -> Sequence[str]:
        return ["user", self.email, "--no-authenticator", *self.on]


class Forget(Person):
    """Somebody goes with all that is stored of them."""

    def prepare(self) -> None:
        if self.email not in self.users():
            self.email = f"ana{next(self.world.fresh)}@example.com"
            self.world.must("user", self.email, *self.on)
            person = self.cognito.admin_get_user(UserPoolId=self.pool, Username=self.email)
            identity = next(each["Value"] for each in person["UserAttributes"] if each["Name"] == "sub")
            own = schema.person(identity)
            for pk, sk, more in (
                (own, f"{schema.CONVERSATION}{'c' * 32}", {}),
                (own, f"{schema.SIGNED_IN}hash", {}),
                (schema.session("hash"), schema.SESSION, {"user_id": {"S": identity}}),
            ):
                item = {"pk": {"S": pk}, "sk": {"S": sk}, **more}
                self.dynamodb.put_item(TableName=self.table, Item=item)

    def arguments(self) -> Sequence[str]:
        return ["user-forget", self.email, *self.on]

    done_twice = "forgotten by their id"

    def require_done(self) -> None:
        assert self.email not in self.users()
        assert not self.dynamodb.scan(TableName=self.table)["Items"]


CASES: dict[str, type[Case]] = {
    "deploy first": First,
    "deploy first that fails": FirstThatFails,
    "deploy update": Update,
    "deploy update that fails": UpdateThatFails,
    "deploy bootstrap": BootstrapUpdate,
    "plan": Plan,
    "rollback": Back,
    "destroy": Destroy,
    "destroy data": DestroyData,
    "continue-rollback": Stuck,
    "github": Github,
    "github remove": GithubRemove,
    "user": InviteOnly,
    "user admin": Invite,
    "user disable": Disable,
    "user resend": Resend,
    "user no-admin": NoAdmin,
    "user no-authenticator": NoAuthenticator,
    "user-forget": Forget,
}
