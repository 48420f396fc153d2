"""Requests that another site makes in the user's browser, with the user's cookie."""

from starlette.datastructures import Headers

SAFE_METHODS = {"GET", "HEAD"}


def is_forged(method: str, headers: Headers, scheme: str) -> bool:
    """Whether another site may have sent this request.

    A browser of today says so itself in Sec-Fetch-Site, which no script can set
    (https://web.dev/articles/fetch-metadata). Over plain HTTP it sends Origin instead, which must then name
    the host that was asked. A change of state that carries neither does not come from our pages. Another
    site may link to a page, and nothing more.
    """
    site = headers.get("sec-fetch-site")
    if method in SAFE_METHODS:
        linked = headers.get("sec-fetch-mode") == "navigate"
        return site is not None and site not in ("same-origin", "none") and not linked
    if site is not None:
        return site != "same-origin"
    return headers.get("origin") != f"{scheme}://{headers.get('host', '')}"
