"""What a choice of parameters costs a month.

`python -m deployer.offline.cost [--parameters FILE] [Key=Value ...]`

Counts the resources that the templates make of the parameters and multiplies them by the prices of
prices.toml, idle and with some people at work. An estimate of the list price, not a quotation.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from command_line import Parser, path, sentences
from deployer.cloudformation.intrinsics import Json
from deployer.cloudformation.parameters import Value, parse_overrides, read_file
from deployer.errors import UsageError
from deployer.offline.profiles import PROFILES, flat, load
from deployer.options import PARAMETERS_FILE

HOURS = 730
"""In a month, as AWS counts."""
PRICES = Path(__file__).with_name("prices.toml")
ZONES = 2
IMAGE_GB = 0.1
"""A compressed image; the repository keeps ten."""
IDLE_LOG_GB = 0.1
"""Health checks in the flow logs."""
FREE_FEDERATED_PEOPLE = 50
"""A month, who come by SAML or OpenID Connect: https://aws.amazon.com/cognito/pricing/"""
METRICS_OF_TASKS, METRICS, METRICS_OF_A_MODEL = 1, 2, 3
"""What the tasks measure themselves (gradio_app/chat/metrics.py); a test compares."""
ALARMS_OF_A_TARGET = 2
"""That target tracking makes by itself for each of its targets, one above and one below, and that are charged
for each metric they look at:
https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html"""
INSIGHTS_METRICS = 38
"""Of a cluster (13), a service (15) and a family of task definitions (10):
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html"""
FILE_WRITES, FILE_READS = 6, 10
"""Requests to S3 for a file and its text: put, copied, listed; shown again, and given to a model."""
LOOKS_AN_HOUR = 60
"""Of a task, at the documents that wait (gradio_app/library/worker.py); each reads one unit."""
VECTOR_INDEX = "Documents, vector index"
AWAKE_SHARE = {"never": 1.0, "nights": 1.0, "nights-and-weekends": 5 / 7}

# The starting document's own table, in USD a month, and what it leaves out.
DOCUMENT = (
    ("Load balancer, 0.0225 + 0.008 an hour", 22.0),
    ("Fargate, one task of 0.5 vCPU and 1 GiB", 15.0),
    ("Two NAT gateways, which it does not mention", 2 * 0.045 * HOURS),
    ("Their public addresses, which it does not mention", 2 * 0.005 * HOURS),
)


@dataclass(frozen=True)
class Traffic:
    """What a month of use is taken to be: some twenty people on twenty-two working days."""

    people: int = 20
    turns: int = 20 * 20 * 22
    tokens_in: int = 1500
    """Per turn, with what was said before."""
    tokens_out: int = 400
    requests_per_turn: int = 10
    """Turns with their share of pages and static files."""
    gb: float = 3.0
    """Between the tasks and AWS services, both ways."""
    log_gb: float = 1.0
    table_gb: float = 1.0
    files_gb: float = 2.0
    """Attached to messages, with what was deleted in the last days: some 100 MB a person."""
    files: int = 20 * 22
    """Attached in a month: one by each person on a working day."""
    writes_per_turn: int = 70
    """Units, two for each item of a transaction, with those of the index: counted at the page, with 20 and
    with 300 turns before, three saves of the draft and an answer of 15 seconds, which is saved each second
    (tests/gradio_app/page)."""
    reads_per_turn: int = 122
    """Counted likewise, with a full page of the list of conversations. Most is that list, read when an answer
    begins and when it ends; then the conversation itself, for the model and once for the page, and one each
    for instructions and for every thumb that may be on the page."""
    pages: int = 1000
    """Of documents that people bring along in a month, of 500 words each."""
    passages_per_page: float = 1.6
    tokens_per_page: int = 700
    writes_per_passage: int = 60
    """Units; nearly all are for its words: counted on this project's own pages (tests/gradio_app/store)."""
    vector_bytes: int = 2500
    """Of a passage in the vector index: 512 numbers of four bytes, and keys."""
    stored_bytes: int = 16_000
    """Of a passage in the table, with its vector and its words."""
    questions: int = 1000
    """About documents, in a month."""
    reads_per_question: int = 60
    """Units, for words and for the passages themselves."""
    question_tokens: int = 20
    passages_tokens: int = 4000
    """Eight of some 300 words, which the model reads with each question."""
    reworded_share: float = 1 / 2
    """Of the questions, those that other words are searched for: that lean, or use other words than the
    documents, or another language; a guess."""
    rewording_tokens_in: int = 500
    rewording_tokens_out: int = 30
    turns_per_conversation: int = 5
    """A guess."""
    title_tokens_in: int = 560
    """The most of what a title is made from, by the bounds of gradio_app/chat/titles.py."""
    title_tokens_out: int = 15
    builds: int = 4
    build_minutes: int = 4


@dataclass(frozen=True)
class Line:
    """One line of the estimate: what, how many, and USD a month idle and in addition with traffic."""

    what: str
    quantity: str
    idle: float
    traffic: float = 0.0


def prices() -> dict[str, float]:
    """USD by name."""
    table = tomllib.loads(PRICES.read_text("utf-8"))
    return {name: entry["usd"] for name, entry in table.items() if isinstance(entry, dict)}


def estimate(template: Json, values: Mapping[str, str], use: Traffic | None = None) -> list[Line]:
    """The lines for a flattened template made of these parameters; those that cost nothing left out."""
    use = use or Traffic()
    price = prices()
    lines = [
        *_compute(values, price),
        *_load_balancer(values, price),
        *_way_out(template, values, price, use),
        *_protection(template, price, use),
        *_watching(template, values, price, use),
        *_storage(price, use),
        *_people(values, price, use),
        *_models(values, price, use),
        *_documents(template, values, price, use),
    ]
    return [line for line in lines if line.idle or line.traffic]


def total(lines: Sequence[Line]) -> tuple[float, float]:
    """USD a month: idle, and with traffic."""
    idle = sum(line.idle for line in lines)
    return idle, idle + sum(line.traffic for line in lines)


def _compute(values: Mapping[str, str], price: Mapping[str, float]) -> list[Line]:
    tasks, spot = int(values["TaskCount"]), int(values["SpotPercent"]) / 100
    hours = HOURS * _awake(values)
    vcpu, gb = int(values["TaskCpu"]) / 1024, int(values["TaskMemory"]) / 1024
    hourly = vcpu * price["fargate_vcpu_hour"] + gb * price["fargate_gb_hour"]
    share = 1 - spot + spot * price["fargate_spot_share"]
    what = f"Fargate, {vcpu:g} vCPU and {gb:g} GiB" + (f", {spot:.0%} of it Spot" if spot else "")
    return [Line(what, f"{tasks} x {hours:.0f} h", tasks * hours * hourly * share)]


def _awake(values: Mapping[str, str]) -> float:
    """The share of the month in which tasks run."""
    if values["Sleep"] == "never":
        return 1.0
    asleep = (int(values["SleepUntil"]) - int(values["SleepFrom"])) % 24
    return (24 - asleep) / 24 * AWAKE_SHARE[values["Sleep"]]


def _load_balancer(values: Mapping[str, str], price: Mapping[str, float]) -> list[Line]:
    # Some people use a fraction of one unit; what is charged is a fraction then.
    traffic = 0.1 * HOURS * price["load_balancer_unit_hour"]
    lines = [
        Line("Application Load Balancer", f"{HOURS} h", HOURS * price["load_balancer_hour"], traffic),
    ]
    if values["FrontDoor"] != "cloudfront":
        lines.append(_addresses("Public addresses of the load balancer", ZONES, HOURS, price))
    else:
        # A terabyte, ten million requests and two million runs of a function a month are free for good.
        lines.append(Line("CloudFront, within what is always free", "-", 0.0))
    return lines


def _way_out(
    template: Json, values: Mapping[str, str], price: Mapping[str, float], use: Traffic
) -> list[Line]:
    lines = []
    if gateways := len(_of_type(template, "AWS::EC2::NatGateway")):
        idle = gateways * HOURS * price["nat_gateway_hour"]
        lines.append(Line("NAT gateway", f"{gateways} x {HOURS} h", idle, use.gb * price["nat_gateway_gb"]))
        addresses = len(_of_type(template, "AWS::EC2::EIP"))
        lines.append(_addresses("Public addresses of NAT gateways", addresses, HOURS, price))
    endpoints = [
        endpoint["Properties"]
        for endpoint in _of_type(template, "AWS::EC2::VPCEndpoint")
        if endpoint["Properties"]["VpcEndpointType"] == "Interface"
    ]
    if interfaces := sum(len(endpoint["SubnetIds"]) for endpoint in endpoints):
        idle = interfaces * HOURS * price["interface_endpoint_hour"]
        traffic = use.gb * price["interface_endpoint_gb"]
        lines.append(Line("Interface endpoints, in each zone", f"{interfaces} x {HOURS} h", idle, traffic))
    if values["Egress"] == "none":
        hours = HOURS * _awake(values)
        lines.append(_addresses("Public addresses of tasks", int(values["TaskCount"]), hours, price))
    return lines


def _addresses(what: str, count: int, hours: float, price: Mapping[str, float]) -> Line:
    return Line(what, f"{count} x {hours:.0f} h", count * hours * price["public_ipv4_hour"])


def _protection(template: Json, price: Mapping[str, float], use: Traffic) -> list[Line]:
    rules = sum(len(acl["Properties"]["Rules"]) for acl in _of_type(template, "AWS::WAFv2::WebACL"))
    acls = len(_of_type(template, "AWS::WAFv2::WebACL"))
    keys = len(_of_type(template, "AWS::KMS::Key"))
    secrets = len(_of_type(template, "AWS::SecretsManager::Secret"))
    millions = use.turns * use.requests_per_turn / 1e6
    idle = acls * price["web_acl_month"] + rules * price["web_acl_rule_month"]
    return [
        Line("AWS WAF", f"{rules} rules", idle, acls * millions * price["web_acl_million_requests"]),
        Line("KMS key", str(keys), keys * price["key_month"]),
        Line("Secrets Manager", str(secrets), secrets * price["secret_month"]),
    ]


def _watching(
    template: Json, values: Mapping[str, str], price: Mapping[str, float], use: Traffic
) -> list[Line]:
    tracked = sum(map(_tracked_metrics, _of_type(template, "AWS::ApplicationAutoScaling::ScalingPolicy")))
    alarms = len(_of_type(template, "AWS::CloudWatch::Alarm")) + ALARMS_OF_A_TARGET * tracked
    metrics = METRICS + METRICS_OF_A_MODEL * (2 if values["AlternativeModelId"] else 1)
    insights = INSIGHTS_METRICS if values["ContainerInsights"] == "enabled" else 0
    per_gb = price["log_gb"]
    of_tasks = METRICS_OF_TASKS * price["custom_metric_month"] * _awake(values)
    return [
        Line("CloudWatch alarms", str(alarms), alarms * price["alarm_month"]),
        Line("Container Insights", f"{insights} metrics", insights * price["custom_metric_month"]),
        Line("CloudWatch metric of tasks", str(METRICS_OF_TASKS), of_tasks),
        # Only the hours with an answer are charged; this is as if there were one in each.
        Line("CloudWatch metrics of answers", str(metrics), 0.0, metrics * price["custom_metric_month"]),
        Line("Logs and flow logs", f"{IDLE_LOG_GB:g} GB", IDLE_LOG_GB * per_gb, use.log_gb * per_gb),
    ]


def _tracked_metrics(policy: Json) -> int:
    """How many metrics a target is made of."""
    tracking = policy["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    queries = tracking.get("CustomizedMetricSpecification", {}).get("Metrics", [{"MetricStat": {}}])
    return sum("MetricStat" in query for query in queries)


def _storage(price: Mapping[str, float], use: Traffic) -> list[Line]:
    writes = use.turns * use.writes_per_turn / 1e6 * price["table_million_writes"]
    reads = use.turns * use.reads_per_turn / 1e6 * price["table_million_reads"]
    table = writes + reads + use.table_gb * price["table_gb_month"]
    per_file = FILE_WRITES * price["file_thousand_writes"] + FILE_READS * price["file_thousand_reads"]
    files = use.files_gb * price["file_gb_month"] + use.files * per_file / 1000
    minutes = use.builds * use.build_minutes
    builds = minutes * (price["build_minute"] + price["pipeline_minute"])
    return [
        Line("DynamoDB", "on demand", 0.0, table),
        Line("S3, people's files", f"{use.files_gb:g} GB", 0.0, files),
        Line("Image repository", f"10 x {IMAGE_GB:g} GB", 10 * IMAGE_GB * price["image_gb_month"]),
        Line("Builds", f"{use.builds} a month", 0.0, builds),
    ]


def _people(values: Mapping[str, str], price: Mapping[str, float], use: Traffic) -> list[Line]:
    # Of those with a password, the first ten thousand are free.
    if values["SingleSignOn"] == "off":
        return []
    charged = max(0, use.people - FREE_FEDERATED_PEOPLE)
    return [Line("People by single sign-on", str(use.people), 0.0, charged * price["federated_person_month"])]


def _models(values: Mapping[str, str], price: Mapping[str, float], use: Traffic) -> list[Line]:
    lines = [_tokens("Amazon Bedrock, as if by Nova 2 Lite", price, use.turns, use.tokens_in, use.tokens_out)]
    if values["NameConversations"] == "yes":
        titles = use.turns / use.turns_per_conversation
        lines.append(
            _tokens("Titles of conversations", price, titles, use.title_tokens_in, use.title_tokens_out)
        )
    return lines


def _tokens(name: str, price: Mapping[str, float], calls: float, each_in: int, each_out: int) -> Line:
    """So many calls of the model, each with so many tokens."""
    tokens_in, tokens_out = calls * each_in / 1e6, calls * each_out / 1e6
    usd = tokens_in * price["model_million_tokens_in"] + tokens_out * price["model_million_tokens_out"]
    return Line(name, f"{tokens_in:.1f} + {tokens_out:.1f} M tokens", 0.0, usd)


def _documents(
    template: Json, values: Mapping[str, str], price: Mapping[str, float], use: Traffic
) -> list[Line]:
    """What documents to ask cost: a month's new ones, keeping these, and a month's questions."""
    if not any(
        "VectorIndexes" in table["Properties"] for table in _of_type(template, "AWS::DynamoDB::Table")
    ):
        return []
    looks = int(values["TaskCount"]) * HOURS * _awake(values) * LOOKS_AN_HOUR
    passages = use.pages * use.passages_per_page
    indexed_gb = passages * use.vector_bytes / 1e9
    read_in = (
        use.pages * use.tokens_per_page / 1e6 * price["embedding_million_tokens"]
        + passages * use.writes_per_passage / 1e6 * price["table_million_writes"]
        + indexed_gb * price["vector_write_gb"]
    )
    stored = passages * use.stored_bytes / 1e9 * price["table_gb_month"]
    # As if each search examined all of one library with all of these pages.
    search = (
        use.question_tokens / 1e6 * price["embedding_million_tokens"]
        + use.reads_per_question / 1e6 * price["table_million_reads"]
        + indexed_gb * price["vector_search_gb"]
    )
    return [
        Line(
            "Documents, tasks that look for work",
            f"{looks:.0f} reads",
            looks / 1e6 * price["table_million_reads"],
        ),
        Line("Documents, read in", f"{use.pages} pages", 0.0, read_in),
        Line("Documents, kept in the table", f"{use.pages} pages", 0.0, stored),
        Line(VECTOR_INDEX, f"{indexed_gb:.3f} GB", 0.0, indexed_gb * price["vector_gb_month"]),
        Line("Documents, searched", f"{use.questions} questions", 0.0, use.questions * search),
        Line(
            "Documents, passages for the model",
            f"{use.questions} questions",
            0.0,
            use.questions * _for_the_model(values, price, use),
        ),
    ]


def _for_the_model(values: Mapping[str, str], price: Mapping[str, float], use: Traffic) -> float:
    """Of a question to documents, on top of what any question costs: its passages, and other words for it."""
    tokens_in, tokens_out = float(use.passages_tokens), 0.0
    if values["RewordQuestions"] == "yes":
        tokens_in += use.reworded_share * use.rewording_tokens_in
        tokens_out += use.reworded_share * use.rewording_tokens_out
    return (
        tokens_in / 1e6 * price["model_million_tokens_in"]
        + tokens_out / 1e6 * price["model_million_tokens_out"]
    )


def _of_type(template: Json, cfn_type: str) -> list[Json]:
    return [resource for resource in template["Resources"].values() if resource["Type"] == cfn_type]


# --- the page ---


def main(arguments: Sequence[str]) -> int:
    """Print the estimate; return the exit code: 0 done, 2 for parameters to be set right first."""
    parser = Parser(prog="make cost", description="What the chosen parameters cost a month.")
    parser.add_argument("overrides", nargs="*", metavar="Key=Value", help="a template parameter")
    parser.add_argument("--parameters", type=path, default=PARAMETERS_FILE, metavar="FILE")
    given = parser.parse_intermixed_args(arguments)
    try:
        chosen: dict[str, Value] = dict(read_file(given.parameters).parameters)
        chosen |= parse_overrides(given.overrides)
        lines = estimate(*flat(chosen))
    except UsageError as error:
        print(sentences(str(error)), file=sys.stderr)
        return error.exit_code
    console = Console()
    console.print(_page("The chosen parameters", lines))
    console.print(_document())
    console.print(_profiles())
    return 0


def _page(title: str, lines: Sequence[Line]) -> Table:
    as_of = tomllib.loads(PRICES.read_text("utf-8"))["as_of"]
    table = Table(title=f"{title}: USD a month, us-east-1, prices of {as_of}", title_justify="left")
    table.add_column("")
    for column in ("Quantity", "Idle", "With traffic"):
        table.add_column(column, justify="right")
    for line in lines:
        table.add_row(line.what, line.quantity, f"{line.idle:.2f}", f"{line.idle + line.traffic:.2f}")
    idle, busy = total(lines)
    table.add_section()
    table.add_row("Together", "", f"{idle:.2f}", f"{busy:.2f}")
    table.caption = (
        "Traffic: twenty people, twenty turns each on a working day; not their searches and thumbs, nor the "
        "deletion of old conversations. Where a model has service tiers, its line is half by flex and 1.75 "
        "times as much by priority. Prices: deployer/offline/prices.toml."
    )
    if any(line.what == VECTOR_INDEX for line in lines):
        table.caption += (
            " What a vector index costs is taken from AWS's own toolkit for agents: its page of prices was "
            "not at hand."
        )
    return table


def _document() -> Table:
    table = Table(title="The document that the project starts from: USD a month", title_justify="left")
    table.add_column("")
    table.add_column("Idle", justify="right")
    for what, usd in DOCUMENT:
        table.add_row(what, f"{usd:.2f}")
    table.add_section()
    table.add_row("Together", f"{sum(usd for _, usd in DOCUMENT):.2f}")
    return table


def _profiles() -> Table:
    table = Table(title="For comparison: USD a month", title_justify="left")
    table.add_column(f"Profile of {PROFILES.name}")
    table.add_column("Idle", justify="right")
    table.add_column("With traffic", justify="right")
    for name, parameters in load().items():
        table.add_row(name, *(f"{usd:.2f}" for usd in total(estimate(*flat(parameters)))))
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
