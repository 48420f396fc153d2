"""pycognito against the emulated Cognito: what the product's login relies on."""

import httpx
import jwt
import pytest
from botocore.exceptions import ClientError
from pycognito.exceptions import ForceChangePasswordException

from tests.emulator_fixture import RunningEmulator
from tests.local.cognito_kit import ANOTHER, PASSWORD, TEMPORARY, Pool, make_pool

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pool(emulator: RunningEmulator) -> Pool:
    return make_pool(emulator)


def test_a_password_signs_in_and_the_tokens_verify(pool: Pool) -> None:
    email = pool.add_user()
    user = pool.signed_in(email)
    user.verify_tokens()
    assert user.id_claims["email"] == email
    assert user.id_claims["aud"] == user.access_claims["client_id"] == pool.client_id


def test_tokens_are_signed_with_the_published_key(pool: Pool) -> None:
    email = pool.add_user()
    user, another = pool.signed_in(email), pool.signed_in(email)
    address = f"{pool.aws.endpoint_url}/{pool.pool_id}/.well-known/jwks.json"
    published = jwt.PyJWKSet.from_dict(httpx.get(address, trust_env=False).json())
    key = published[jwt.get_unverified_header(user.id_token)["kid"]]
    content, signature = user.id_token.rpartition(".")[0], another.id_token.rpartition(".")[2]
    jwt.decode(user.id_token, key, algorithms=["RS256"], audience=pool.client_id)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(f"{content}.{signature}", key, algorithms=["RS256"], audience=pool.client_id)


@pytest.mark.parametrize("who", ["known", "unknown"])
def test_wrong_password_and_unknown_user_read_the_same(pool: Pool, who: str) -> None:
    email = pool.add_user() if who == "known" else "nobody@example.com"
    with pytest.raises(ClientError, match=r"NotAuthorizedException.*Incorrect username or password\."):
        pool.signed_in(email, "Wrong-Passw0rd!")


def test_a_disabled_user_is_refused(pool: Pool) -> None:
    email = pool.add_user()
    pool.idp.admin_disable_user(UserPoolId=pool.pool_id, Username=email)
    with pytest.raises(ClientError, match=r"NotAuthorizedException.*User is disabled\."):
        pool.signed_in(email)
    pool.idp.admin_enable_user(UserPoolId=pool.pool_id, Username=email)
    pool.signed_in(email)


def test_the_client_secret_is_checked(pool: Pool) -> None:
    email = pool.add_user()
    for secret in ("wrong", None):
        user = pool.person(email)
        user.client_secret = secret
        with pytest.raises(ClientError, match="NotAuthorizedException"):
            user.authenticate(PASSWORD)


def test_a_temporary_password_must_be_changed(pool: Pool) -> None:
    email = pool.add_user(temporary=True)
    with pytest.raises(ForceChangePasswordException):
        pool.signed_in(email, TEMPORARY)
    user = pool.person(email)
    user.new_password_challenge(TEMPORARY, PASSWORD)
    user.verify_tokens()
    pool.signed_in(email, PASSWORD)
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        pool.signed_in(email, TEMPORARY)


def test_a_changed_password_replaces_the_old_one(pool: Pool) -> None:
    email = pool.add_user()
    user = pool.signed_in(email)
    with pytest.raises(ClientError, match="InvalidPasswordException"):
        user.change_password(PASSWORD, "short")
    user.change_password(PASSWORD, ANOTHER)
    pool.signed_in(email, ANOTHER)
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        pool.signed_in(email, PASSWORD)


def test_a_refresh_token_gives_new_tokens(pool: Pool) -> None:
    user = pool.signed_in(pool.add_user())
    user.username = user.id_claims["cognito:username"]
    before = user.access_token
    user.renew_access_token()
    user.verify_tokens()
    assert user.access_token != before


def test_a_revoked_refresh_token_is_of_no_use(pool: Pool) -> None:
    email = pool.add_user()
    user, elsewhere = pool.signed_in(email), pool.signed_in(email)
    pool.idp.revoke_token(Token=user.refresh_token, ClientId=pool.client_id, ClientSecret=pool.client_secret)
    _cannot_refresh(pool, user.id_claims["cognito:username"], user.refresh_token)
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        pool.idp.get_user(AccessToken=user.access_token)
    assert pool.idp.get_user(AccessToken=elsewhere.access_token)["UserAttributes"]


def test_a_global_sign_out_ends_every_session(pool: Pool) -> None:
    email = pool.add_user()
    here, elsewhere = pool.signed_in(email), pool.signed_in(email)
    username, tokens = here.id_claims["cognito:username"], (here.refresh_token, elsewhere.refresh_token)
    here.logout()
    for token in tokens:
        _cannot_refresh(pool, username, token)
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        pool.idp.get_user(AccessToken=elsewhere.access_token)


def _cannot_refresh(pool: Pool, username: str, token: str) -> None:
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        pool.idp.initiate_auth(
            ClientId=pool.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": token, "SECRET_HASH": pool.secret_hash(username)},
        )
