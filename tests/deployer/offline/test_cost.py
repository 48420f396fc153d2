"""The estimate: what it promises, and that it follows the templates."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deployer.offline.cost import PRICES, Line, Traffic, estimate, total
from deployer.offline.profiles import flat, load

ROOT = Path(__file__).parents[3]
HOURS = 730


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
    firewall, key, secret, alarms = 5 + 3 * 1, 1, 0.4, 11 * 0.1
    logs, images = 0.1 * 0.5, 10 * 0.1 * 0.1
    assert idle() == pytest.approx(fargate + network + firewall + key + secret + alarms + logs + images)


@pytest.mark.parametrize(
    ("choice", "more"),
    [
        ({"Egress": "nat-per-zone"}, HOURS * (0.045 + 0.005)),
        ({"Egress": "none"}, HOURS * (2 * 0.005 - 0.045 - 0.005)),
        ({"Egress": "endpoints"}, HOURS * (6 * 2 * 0.01 - 0.045 - 0.005)),
        ({"UseFirewall": "no"}, -8),
        ({"AllowedCountries": "ES"}, 1),
        ({"EncryptionKey": "aws"}, -1),
        ({"AlternativeModelId": ""}, -0.1),
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
    read_in, searched = (line for what, line in lines().items() if what.startswith("Documents"))
    assert (read_in.idle, searched.idle) == (0, 0)
    vectors_gb = 1600 * 2500 / 1e9
    writes, tokens, stored_gb = 1600 * 60 / 1e6, 0.7, 1600 * 16_000 / 1e9
    assert read_in.traffic == pytest.approx(
        writes * 0.625 + tokens * 0.02 + vectors_gb * (0.52 + 0.25) + stored_gb * 0.45
    )
    assert searched.traffic == pytest.approx(1000 * (60 / 1e6 * 0.125 + vectors_gb * 0.002))
    for without in ({"EmbeddingModelId": ""}, {"Egress": "endpoints"}):
        assert not [what for what in lines(**without) if what.startswith("Documents")]


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
