"""Who is signed in, as the rest of the application may know it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """A signed-in user; `user_id` is the user pool's `sub`, which never changes nor gets reused."""

    user_id: str
    email: str
    groups: tuple[str, ...] = ()


LOCAL_USER = Identity(user_id="local-user", email="")
"""Who everybody is when the application runs without login on a loopback address."""
