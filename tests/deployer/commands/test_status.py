"""What a deployment shows at its end."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from deployer.commands.status import show_outputs


@pytest.mark.parametrize(("url", "warned"), [("http://a.example", True), ("https://a.example", False)])
def test_plain_http_carries_its_warning(url: str, warned: bool) -> None:
    page = io.StringIO()
    show_outputs({"ServiceUrl": url, "TableName": "t"}, Console(file=page, width=200))
    assert f"ServiceUrl  {url}" in page.getvalue()
    assert ("WITHOUT ENCRYPTION" in page.getvalue()) == warned
