"""Service Quotas: MiniStack has nothing of it, and enforces no quota. So there is ample room."""

import json
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response

NAME = "servicequotas"
TARGET_PREFIX = "ServiceQuotasV20190624"
AMPLE = 1000.0


async def handle_request(
    _method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, list[str]]
) -> tuple[int, dict[str, str], bytes]:
    """Answer the two questions for one quota."""
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    if action not in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
        return error_response_json("UnknownOperationException", f"Unknown action: {action}", 400)
    request: dict[str, Any] = json.loads(body)
    service, code = request["ServiceCode"], request["QuotaCode"]
    quota = {
        "ServiceCode": service,
        "QuotaCode": code,
        "QuotaName": code,
        "QuotaArn": f"arn:aws:servicequotas:{get_region()}:{get_account_id()}:{service}/{code}",
        "Value": AMPLE,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
    return json_response({"Quota": quota})


# --- persistence, as MiniStack asks its services for it: nothing is kept ---


def get_state() -> dict[str, Any]:
    return {}


def load_persisted_state(_data: dict[str, Any]) -> None:
    pass


def reset() -> None:
    pass
