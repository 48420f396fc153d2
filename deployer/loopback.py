"""Whether an address is this machine's own."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def leads_here(url: str) -> bool:
    """Whether whoever asks there asks this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
