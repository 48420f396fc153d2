"""The local Bedrock as one application: the runtime, and what an application asks of the control plane.

It is for loopback only. Requests must be signed, as every client does, but the signature is not verified:
that, and the check of the Host header, only keep pages in the user's browser away from the model.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.bedrock import catalog, titan
from local.bedrock.embedder import Embedder
from local.bedrock.http import EXCEPTION_HANDLERS, HEALTH_PATH, RequireSignature, answer
from local.bedrock.inference import Inference
from local.bedrock.runtime import Runtime, Vectors
from local.llama import LOOPBACK


def create_app(
    model_id: str,
    region: str,
    context_tokens: int,
    inference: Inference,
    embedder: Embedder | None = None,
) -> Starlette:
    """Return the application that serves one model, and one that makes vectors where there is such."""
    return Starlette(
        routes=[
            *Runtime(model_id, context_tokens, inference).routes(),
            *(Vectors(embedder).routes() if embedder else []),
            *_control_plane(model_id, region, titan.MODEL_ID if embedder else None),
            _health(inference),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"]),
            Middleware(RequireSignature),
        ],
        exception_handlers=EXCEPTION_HANDLERS,
    )


def _control_plane(model_id: str, region: str, embedding_id: str | None) -> list[Route]:
    known = {model_id: catalog.details(model_id, region)}
    if embedding_id:
        known[embedding_id] = catalog.embedding_details(embedding_id, region)

    async def list_models(_request: Request) -> Response:
        return answer({"modelSummaries": list(known.values())})

    async def get_model(request: Request) -> Response:
        return answer({"modelDetails": known[catalog.check_model(request.path_params["model"], *known)]})

    async def get_availability(request: Request) -> Response:
        return answer(catalog.availability(catalog.check_model(request.path_params["model"], *known)))

    async def list_profiles(_request: Request) -> Response:
        return answer({"inferenceProfileSummaries": []})

    async def get_profile(request: Request) -> Response:
        raise catalog.no_such_profile(request.path_params["profile"])

    return [
        Route("/foundation-models", list_models),
        Route("/foundation-models/{model:path}", get_model),
        Route("/foundation-model-availability/{model:path}", get_availability),
        Route("/inference-profiles", list_profiles),
        Route("/inference-profiles/{profile:path}", get_profile),
    ]


def _health(inference: Inference) -> Route:
    async def health(_request: Request) -> Response:
        if not inference.is_ready:
            return JSONResponse({"status": "loading"})
        return JSONResponse({"status": "ok", "busySlots": await inference.busy_slots()})

    return Route(HEALTH_PATH, health)
