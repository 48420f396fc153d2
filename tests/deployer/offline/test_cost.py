"""The estimate: what it promises, and that it follows the templates."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deployer.offline.cost import LOOKS_AN_HOUR, PRICES, Line, Traffic, estimate, total
from deployer.offline.profiles import flat, load
from gradio_app.library import worker

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
HOURS = 730
LOOKS = 2 * HOURS * 60 / 1e6 * 0.125
"""Of two tasks, whether documents wait."""


def lines(**parameters: str | int) -> dict[str, Line]:
    return {line.what: line for line in estimate(*flat(parameters))}


def idle(**parameters: str | int) -> float:
    return total(estimate(*flat(parameters)))[0]


@pytest.mark.parametrize(("profile", "at_most"), [("default", 100), ("cheapest", 48)])
def test_the_promised_figures_hold(profile: str, at_most: float) -> None:
    assert total(estimate(*flat(load()[profile])))[0] < at_most


def test_the_default_is_what_one_calculates_by_hand() -> None:
    fargate = 2 * HOURS * (0.5 * 0.03238 + 1 * 0.00356)
    network = HOURS * (0.0225 + 0.045 + 0.005)
    firewall, key, secret, alarms = 5 + 3 * 1, 1, 0.4, (11 + 2 * 3) * 0.1
    metric, logs, images = 0.3, 0.1 * 0.5, 10 * 0.1 * 0.1
    known = fargate + network + firewall + key + secret + alarms + metric + logs + images
    assert idle() == pytest.approx(known + LOOKS)


@pytest.mark.parametrize(
    ("choice", "more"),
    [
        ({"Egress": "nat-per-zone"}, HOURS * (0.045 + 0.005)),
        ({"Egress": "none"}, HOURS * (2 * 0.005 - 0.045 - 0.005)),
        ({"Egress": "endpoints"}, HOURS * (6 * 2 * 0.01 - 0.045 - 0.005) - LOOKS),
        ({"EmbeddingModelId": ""}, -LOOKS),
        ({"UseFirewall": "no"}, -8),
        ({"AllowedCountries": "ES"}, 1),
        ({"EncryptionKey": "aws"}, -1),
        ({"AlternativeModelId": ""}, -0.1),
        ({"DeploymentStrategy": "blue-green"}, (1 + 2) * 0.1),
        ({"ContainerInsights": "enabled"}, 38 * 0.3),
        ({"FrontDoor": "http"}, 2 * HOURS * 0.005 + 1),
    ],
)
def test_a_choice_costs_what_it_adds(choice: dict[str, str], more: float) -> None:
    assert idle(**choice) - idle() == pytest.approx(more)


def test_spot_and_sleep_make_tasks_cheaper() -> None:
    def fargate(**choice: str | int) -> float:
        return next(line.idle for what, line in lines(**choice).items() if what.startswith("Fargate"))

    assert fargate(SpotPercent=100) == pytest.approx(0.3 * fargate())
    assert fargate(Sleep="nights", SleepFrom=22, SleepUntil=7) == pytest.approx(15 / 24 * fargate())
    weekends = fargate(Sleep="nights-and-weekends", SleepFrom=22, SleepUntil=7)
    assert weekends == pytest.approx(15 / 24 * 5 / 7 * fargate())


@pytest.mark.parametrize(("people", "usd"), [(20, 0), (50, 0), (250, 200 * 0.015)])
def test_people_by_single_sign_on_cost_beyond_the_first_fifty(people: int, usd: float) -> None:
    chosen = {
        "SingleSignOn": "saml",
        "SingleSignOnProvider": "Example",
        "SingleSignOnDomainPrefix": "example-chat",
        "SamlMetadataUrl": "https://login.example.com/metadata.xml",
    }
    found = {line.what: line for line in estimate(*flat(chosen), Traffic(people=people))}
    line = found.get("People by single sign-on")
    assert (line.traffic if line else 0) == pytest.approx(usd)
    # Its app client has a secret of its own.
    assert idle(**chosen) - idle() == pytest.approx(0.4)


def test_documents_cost_what_is_done_with_them() -> None:
    found = {what.removeprefix("Documents, "): line for what, line in lines().items() if "Documents" in what}
    looks = found.pop("tasks that look for work")
    assert (looks.idle, looks.traffic) == (pytest.approx(LOOKS), 0)
    assert [line.idle for line in found.values()] == [0] * 5, "nothing, while nobody brings or asks anything"
    vectors_gb = 1600 * 2500 / 1e9
    assert {what: line.traffic for what, line in found.items()} == pytest.approx(
        {
            "read in": 1600 * 60 / 1e6 * 0.625 + 0.7 * 0.02 + vectors_gb * 0.52,
            "kept in the table": 1600 * 16_000 / 1e9 * 0.45,
            "vector index": vectors_gb * 0.25,
            "searched": 1000 * (20 / 1e6 * 0.02 + 60 / 1e6 * 0.125 + vectors_gb * 0.002),
            "passages for the model": 1000 * (4000 * 0.3 + (500 * 0.3 + 30 * 2.5) / 2) / 1e6,
        }
    )
    as_asked = lines(RewordQuestions="no")["Documents, passages for the model"]
    assert as_asked.traffic == pytest.approx(1000 * 4000 / 1e6 * 0.3)
    for without in ({"EmbeddingModelId": ""}, {"Egress": "endpoints"}):
        assert not [what for what in lines(**without) if what.startswith("Documents")]


def test_tasks_look_for_documents_as_often_as_is_counted() -> None:
    assert worker.LOOK_SECONDS * LOOKS_AN_HOUR == 3600
    asleep = lines(Sleep="nights", SleepFrom=22, SleepUntil=7)["Documents, tasks that look for work"]
    assert asleep.idle == pytest.approx(15 / 24 * lines()["Documents, tasks that look for work"].idle)


def test_a_price_that_is_not_of_awss_page_is_said() -> None:
    assert "page of prices was not" in run().stdout
    assert "page of prices was not" not in run("EmbeddingModelId=").stdout


def test_traffic_is_never_free() -> None:
    for parameters in load().values():
        at_rest, busy = total(estimate(*flat(parameters)))
        assert busy > at_rest


def test_every_price_says_where_it_is_from() -> None:
    table = tomllib.loads(PRICES.read_text("utf-8"))
    assert table.pop("as_of")
    official = ("https://aws.amazon.com/", "https://github.com/aws/")
    assert all(entry["source"].startswith(official) for entry in table.values())
    confirmed = [entry["confirmed"] for entry in table.values() if "confirmed" in entry]
    assert all(re.fullmatch(r"https://\S.* \(20\d\d-\d\d\)", each) for each in confirmed)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deployer.offline.cost", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_page_shows_ours_beside_the_starting_documents() -> None:
    done = run("UseFirewall=no")
    assert done.returncode == 0, done.stderr
    assert "AWS WAF" not in done.stdout
    for words in ("Together", "which it does not mention", "cheapest"):
        assert words in done.stdout


def test_a_slip_is_one_sentence() -> None:
    done = run("TaskCuont=3")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "There is no parameter TaskCuont. Did you mean TaskCount?\n"


@pytest.mark.parametrize("page", ["README.md", "LEEME.md"])
def test_the_pages_show_what_is_calculated(page: str) -> None:
    text = (ROOT / page).read_text("utf-8").replace(",", ".")
    shown = re.findall(r"^\| (default|cheapest|private)\b[^|]*\| ([0-9.]+) \| ([0-9.]+) \|$", text, re.M)
    assert len(shown) == 3
    for profile, *figures in shown:
        assert [float(each) for each in figures] == [
            pytest.approx(each, abs=0.006) for each in total(estimate(*flat(load()[profile])))
        ]
