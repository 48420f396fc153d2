"""The environment is read in one place, and whoever got it wrong learns everything at once."""

import pytest

from gradio_app.settings import WITHOUT_LOGIN, Settings, SettingsError

NEEDED = {
    "POOL_ID": "eu-south-2_AbCdEf123",
    "APP_CLIENT_ID": "3n4b5urk1ft4fl3mg5e62d9ado",
    "APP_CLIENT_SECRET": "dont-tell-anyone",
    "TABLE_NAME": "assistant",
    "BUCKET_NAME": "files",
    "AWS_REGION": "eu-south-2",
    "MODEL_IDS": "eu.amazon.nova-lite-v1:0, eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
}
HOSTED = {
    "SINGLE_SIGN_ON_URL": "https://people.auth.eu-south-2.amazoncognito.com",
    "SINGLE_SIGN_ON_PROVIDER": "Example-Org",
    "SINGLE_SIGN_ON_CLIENT_ID": "5q1ft4fl3mg5e62d9ado3n4b5u",
    "SINGLE_SIGN_ON_CLIENT_SECRET": "nor-this",
}
WITHOUT_POOL = {name: NEEDED[name] for name in ("TABLE_NAME", "BUCKET_NAME", "AWS_REGION", "MODEL_IDS")}


def test_the_needed_ones_suffice() -> None:
    settings = Settings.from_env(NEEDED)
    assert settings.model_ids[0] == "eu.amazon.nova-lite-v1:0"
    assert (settings.authentication, settings.https, settings.trusted_proxies) == (True, True, ())


def test_questions_are_worded_anew_where_that_is_said() -> None:
    assert Settings.from_env(NEEDED | {"REWORD_QUESTIONS": "yes"}).reword_questions
    assert not Settings.from_env(NEEDED).reword_questions
    assert Settings.from_env(NEEDED | {"NAME_CONVERSATIONS": "yes"}).name_conversations
    assert not Settings.from_env(NEEDED).name_conversations


def test_instructions_are_a_text_of_several_lines() -> None:
    assert Settings.from_env(NEEDED | {"SYSTEM_PROMPT": " Be brief.\nBe kind. "}).system_prompt == (
        "Be brief.\nBe kind."
    )
    assert Settings.from_env(NEEDED).system_prompt == ""


def test_domains_are_compared_in_lower_case() -> None:
    settings = Settings.from_env(NEEDED | {"SIGN_UP_DOMAINS": "Example.com , example.org"})
    assert settings.sign_up_domains == ("example.com", "example.org")
    assert Settings.from_env(NEEDED).sign_up_domains == (), "nobody, unless it is said"


def test_single_sign_on_is_four_or_none() -> None:
    assert Settings.from_env(NEEDED).single_sign_on is None
    assert Settings.from_env(NEEDED | dict.fromkeys(HOSTED, "")).single_sign_on is None
    found = Settings.from_env(NEEDED | HOSTED).single_sign_on
    assert found
    assert list(vars(found).values()) == list(HOSTED.values())
    for name in HOSTED:
        with pytest.raises(SettingsError, match=f"missing: {name} .*all four") as error:
            Settings.from_env(NEEDED | {each: HOSTED[each] for each in HOSTED if each != name})
        assert not [value for value in HOSTED.values() if value in str(error.value)]


def test_every_missing_one_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_env({})
    assert all(name in str(error.value) for name in NEEDED)
    assert WITHOUT_LOGIN in str(error.value), "says how to run without a pool"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POOL_ID", "no pool"),
        ("AWS_REGION", "Spain"),
        ("TABLE_NAME", "a b"),
        ("BUCKET_NAME", "Not_A_Bucket"),
        ("MODEL_IDS", "one, two three"),
        ("PORT", "70000"),
        ("PORT", "eighty"),
        ("LISTENER_FD", "two"),
        ("LISTENER_FD", "2"),
        ("PUBLIC_SCHEME", "ftp"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("VIEWER_ADDRESS_HEADER", "x-real-ip"),
        ("VIEWER_ADDRESS_HEADER", "X-Viewer-Address"),
        ("BIND_HOST", "localhost"),
        ("SESSION_IDLE_MINUTES", "-1"),
        ("DAILY_TOKEN_BUDGET", "1e5"),
        ("AUTHENTICATION", "off"),
        ("LOG_LEVEL", "loud"),
        ("UI_APP_ID", "<b>"),
        ("DEPLOYMENT", "a b"),
        ("MFA", "sometimes"),
        ("REWORD_QUESTIONS", "perhaps"),
        ("NAME_CONVERSATIONS", "perhaps"),
        ("SHARE_CONVERSATIONS", "perhaps"),
        ("KEEP_CONVERSATIONS_DAYS", "3651"),
        ("KEEP_CONVERSATIONS_DAYS", "-1"),
        ("SYSTEM_PROMPT", "ñ" * 2049),
        ("SYSTEM_PROMPT", "half a character: \udcc3"),
        ("SESSION_MAX_HOURS", "25"),
        ("SIGN_UP_DOMAINS", "example.com, @example.org"),
        ("SIGN_UP_DOMAINS", "*"),
        ("SINGLE_SIGN_ON_URL", "http://people.auth.eu-south-2.amazoncognito.com"),
        ("SINGLE_SIGN_ON_URL", "https://people.auth.eu-south-2.amazoncognito.com/path"),
        ("SINGLE_SIGN_ON_PROVIDER", "a b"),
    ],
)
def test_a_malformed_one_is_named_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as error:
        Settings.from_env(NEEDED | {name: value})
    assert value not in str(error.value)
    assert "\n" not in str(error.value)


def test_all_that_is_wrong_is_one_message() -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_env({"PORT": "x", "PUBLIC_SCHEME": "x"})
    assert all(name in str(error.value) for name in (*NEEDED, "PORT", "PUBLIC_SCHEME"))


@pytest.mark.asvs("13.3.1")
def test_the_secret_is_not_shown() -> None:
    shown = repr(Settings.from_env(NEEDED | HOSTED))
    assert NEEDED["APP_CLIENT_SECRET"] not in shown
    assert HOSTED["SINGLE_SIGN_ON_CLIENT_SECRET"] not in shown


def test_without_login_it_binds_to_loopback() -> None:
    settings = Settings.from_env(WITHOUT_POOL | {"AUTHENTICATION": WITHOUT_LOGIN})
    assert (settings.authentication, settings.bind_host) == (False, "127.0.0.1")


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ({"BIND_HOST": "0.0.0.0"}, "BIND_HOST"),  # noqa: S104
        ({"POOL_ID": NEEDED["POOL_ID"]}, "POOL_ID"),
        (HOSTED, "SINGLE_SIGN_ON_URL"),
    ],
)
def test_without_login_anything_that_says_otherwise_is_refused(extra: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Settings.from_env(WITHOUT_POOL | {"AUTHENTICATION": WITHOUT_LOGIN} | extra)
