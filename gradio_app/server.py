"""The composition root: every part is made here once, and tests pass theirs as arguments."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import fastapi
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from gradio_app.assistants import room as assistants_room
from gradio_app.assistants.access import OpenAssistants
from gradio_app.assistants.given import Offered
from gradio_app.assistants.routes import AssistantPages
from gradio_app.assistants.routes import Parts as AssistantParts
from gradio_app.audit import audit
from gradio_app.aws import Clients
from gradio_app.chat.gauge import Gauge
from gradio_app.chat.instructing import Instructing
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Models, names_of
from gradio_app.chat.running import Running
from gradio_app.chat.turns import Turns
from gradio_app.cognito.directory import Directory
from gradio_app.cognito.errors import CognitoError, UnsupportedChallenge
from gradio_app.cognito.single_sign_on import SingleSignOn
from gradio_app.conversations import room as conversations_room
from gradio_app.conversations.bringing_in import BringingIn
from gradio_app.conversations.expiry import Expiry
from gradio_app.conversations.routes import ConversationPages
from gradio_app.conversations.routes import Parts as ConversationParts
from gradio_app.conversations.shared_pages import SharedPages
from gradio_app.gate.gate import Gate
from gradio_app.gate.joined import AtWork
from gradio_app.health import Health
from gradio_app.library import ingestion, listing
from gradio_app.library import room as library_room
from gradio_app.library.adding import Adding
from gradio_app.library.asking import AskedLibraries
from gradio_app.library.cutting import cut
from gradio_app.library.desk import Parts as DocumentParts
from gradio_app.library.document import Quotas
from gradio_app.library.embeddings import Embeddings
from gradio_app.library.fetching import Fetcher
from gradio_app.library.finding import Finding
from gradio_app.library.ports import Embedder, QuestionEmbedder
from gradio_app.library.routes import Documents
from gradio_app.library.worker import Worker
from gradio_app.login import room as login_room
from gradio_app.login.account import Account
from gradio_app.login.attempts import Attempts, address
from gradio_app.login.authenticator import Authenticator
from gradio_app.login.cookies import (
    departure_cookie,
    known_cookie,
    return_cookie,
    session_cookie,
    step_cookie,
)
from gradio_app.login.guessable import fault
from gradio_app.login.new_password import PasswordJudge
from gradio_app.login.reset import Reset
from gradio_app.login.services import Services
from gradio_app.login.sign_in import SignIn
from gradio_app.login.sign_up import SignUp
from gradio_app.login.single_sign_on import SingleSignOn as SingleSignOnRoutes
from gradio_app.page import build
from gradio_app.page.address import ConversationAddress
from gradio_app.page.blocks import EventStatuses
from gradio_app.page.description import Description
from gradio_app.page.draft_route import draft_routes
from gradio_app.page.files_route import file_routes
from gradio_app.page.message_route import message_routes
from gradio_app.page.queue import GradioQueue
from gradio_app.page.served import ServedPage, static_routes
from gradio_app.page.services import ChatServices
from gradio_app.page.state import keep_no_pages
from gradio_app.page.temporary_route import temporary_routes
from gradio_app.pages import installable
from gradio_app.pages.files import STATIC, served
from gradio_app.pages.pages import Pages
from gradio_app.pages.texts import TEXTS
from gradio_app.sessions.departures import Departures
from gradio_app.sessions.enrollments import Enrollments
from gradio_app.sessions.known import Known
from gradio_app.sessions.sessions import Sessions
from gradio_app.sessions.steps import Steps
from gradio_app.sessions.throttle import Throttle
from gradio_app.settings import Settings
from gradio_app.store.assistants import StoredAssistants
from gradio_app.store.bucket import Bucket
from gradio_app.store.chat_table import ChatTable
from gradio_app.store.conversations import Conversations
from gradio_app.store.drafts import Drafts
from gradio_app.store.expiring import Expiring
from gradio_app.store.exporting import Exporting
from gradio_app.store.files import AttachedFiles
from gradio_app.store.importing import Importing
from gradio_app.store.ingesting import Ingesting
from gradio_app.store.instructions import OwnInstructions
from gradio_app.store.library import Library
from gradio_app.store.passages import Passages
from gradio_app.store.preferences import Preferences
from gradio_app.store.retention import Retention
from gradio_app.store.said import Said
from gradio_app.store.shared import SharedLibraries
from gradio_app.store.sharing import Sharing
from gradio_app.store.table import AsyncTable, Table, TableUnreachable
from gradio_app.store.temporary import Temporaries
from gradio_app.store.thumbs import Thumbs
from gradio_app.store.usage import Usage
from gradio_app.thumbs import room as thumbs_room
from gradio_app.thumbs.routes import ThumbPages


class DocumentsModel(Embedder, QuestionEmbedder, Protocol):
    """A model that makes vectors of documents and of questions."""


@dataclass(frozen=True)
class Application:
    """What serves: `gate` is the ASGI application, `inner` is all that it guards."""

    gate: Gate
    inner: fastapi.FastAPI
    health: Health
    running: Running
    """The answers that are being written; a stopping server waits for them."""
    gauge: Gauge
    """Tells in a thread of its own how full the task is, once it is started."""
    expiry: Expiry | None = None
    """Deletes old conversations in a thread of its own; None where they are kept for ever."""
    worker: Worker | None = None
    """Works on documents in a thread of its own, once it is started; None where there are none to ask."""


def create_app(
    settings: Settings,
    clients: Clients,
    *,
    table: Table | None = None,
    directory: Directory | None = None,
    single_sign_on: SingleSignOn | None = None,
    page: Any = None,
    fault: Callable[[str, str], str | None] = fault,
    embedder: DocumentsModel | None = None,
    fetcher: Fetcher | None = None,
) -> Application:
    """Put the application together; what is outside, the page and the judge of passwords may be passed."""
    table = table or Table(clients.dynamodb, settings.table_name)
    shared = AsyncTable(table)
    running = Running(settings.answers_at_once)
    model_id = settings.embedding_model_id
    embedder = (embedder or Embeddings(clients.bedrock_runtime, model_id)) if model_id else None
    temporaries = Temporaries()
    page = page or create_page(settings, clients, running, table, embedder, temporaries)
    rooms = (login_room, library_room, conversations_room, assistants_room, thumbs_room)
    pages = Pages(settings.https, *(room.ROOM for room in rooms))
    sessions = None
    # Only the chat knows of temporary conversations: all else finds none, and has nothing to store of them.
    chat = ChatTable(table, temporaries)
    routes: list[BaseRoute] = [Mount("/pages/static", served(STATIC))]
    routes += installable.routes(TEXTS)
    bucket = Bucket(clients.s3, settings.bucket_name)
    files = AttachedFiles(table, bucket)
    retention = Retention(settings.keep_conversations_days)
    store = Conversations(table, files, retention)
    routes += [*static_routes(), *file_routes(files, store), *temporary_routes(temporaries)]
    routes += [*draft_routes(Drafts(chat)), *message_routes(Conversations(chat, files, retention))]
    models = Models(clients.bedrock_runtime, clients.bedrock)
    routes += _conversations(settings, table, pages, store, running, models)
    routes += ThumbPages(pages, Thumbs(table), store).routes()
    routes += _assistants(settings, clients, table, pages, embedder)
    if settings.authentication:
        directory = directory or Directory.of(clients.cognito_idp, settings)
        single_sign_on = single_sign_on or SingleSignOn.of(clients.cognito_idp, settings)
        sessions = Sessions(shared, directory, settings, single_sign_on=single_sign_on)
        routes += _login(settings, shared, directory, single_sign_on, sessions, pages, fault)
    worker = None
    if embedder:
        fetcher = fetcher or (Fetcher() if settings.web_pages else None)
        documents, worker = _documents(settings, table, bucket, pages, embedder, fetcher)
        routes += documents.routes()
    health = Health(shared, directory)
    description = Description(page, names_of(settings.model_ids))
    inner = _guarded(pages, [*health.routes(), *description.routes(), *routes], description)
    _mount_chat(inner, page)
    at_work = _at_work(running, temporaries)
    gate = Gate(inner, settings, pages, sessions, GradioQueue(page), at_work)
    expiry = Expiry(Expiring(table, store, retention)) if retention.days else None
    gauge = Gauge(running, Metrics(settings.deployment))
    return Application(gate, inner, health, running, gauge, expiry, worker)


def create_page(
    settings: Settings,
    clients: Clients,
    running: Running,
    table: Table,
    embedder: QuestionEmbedder | None = None,
    temporaries: Temporaries | None = None,
) -> Any:
    """The chat's page over its parts."""
    temporaries = temporaries or Temporaries()
    chat = ChatTable(table, temporaries)
    documents = _asked(settings, clients, table, embedder) if embedder else None
    files = AttachedFiles(table, Bucket(clients.s3, settings.bucket_name))
    store = Conversations(chat, files, Retention(settings.keep_conversations_days))
    usage = Usage(table, settings.daily_token_budget)
    models = Models(clients.bedrock_runtime, clients.bedrock)
    metrics = Metrics(settings.deployment)
    preferences = Preferences(table)
    instructions = OwnInstructions(chat)
    assistants = OpenAssistants(StoredAssistants(chat))
    drafts = Drafts(chat)
    return build.page(
        ChatServices(
            turns=Turns(
                store,
                usage,
                preferences,
                models,
                running,
                metrics,
                files,
                documents,
                instructing=Instructing(settings.system_prompt, assistants),
                drafts=drafts,
                rewords=settings.reword_questions,
                names=settings.name_conversations,
            ),
            store=store,
            files=files,
            drafts=drafts,
            preferences=preferences,
            instructions=instructions,
            assistants=assistants,
            thumbs=Thumbs(chat),
            temporaries=temporaries,
            running=running,
            settings=settings,
            documents=documents,
        )
    )


def _at_work(running: Running, temporaries: Temporaries) -> AtWork:
    """What ends with a session."""

    def ended(session_key: str) -> None:
        running.stop_session(session_key)
        temporaries.end_session(session_key)

    def is_busy(session_key: str) -> bool:
        return running.is_busy(session_key) or temporaries.is_busy(session_key)

    return AtWork(ended, is_busy)


def _conversations(
    settings: Settings, table: Table, pages: Pages, store: Conversations, running: Running, models: Models
) -> list[BaseRoute]:
    """The pages of conversations, and of copies where people may share them."""
    retention = Retention(settings.keep_conversations_days)
    # Which documents an assistant asks is known where it is from.
    offered = Offered(settings.model_ids, settings.max_output_tokens, asks=(), efforts=models.efforts)
    brought = (Importing(table), StoredAssistants(table), OwnInstructions(table))
    parts = ConversationParts(
        pages=pages,
        store=store,
        exporting=Exporting(table, retention),
        bringing_in=BringingIn(*brought, offered),
        running=running,
        said=Said(table),
        retention=retention,
        shares=settings.share_conversations,
    )
    routes = ConversationPages(parts).routes()
    if settings.share_conversations:
        routes += SharedPages(pages, store, Sharing(table)).routes()
    return routes


def _asked(settings: Settings, clients: Clients, table: Table, embedder: QuestionEmbedder) -> AskedLibraries:
    """The libraries as the chat asks them."""
    library = Library(table, _quotas(settings))
    former = settings.former_embedding_model_id
    serving = Embeddings(clients.bedrock_runtime, former) if former not in ("", embedder.model) else None
    return AskedLibraries(library, SharedLibraries(table), Finding(Passages(table), embedder, serving))


def _assistants(
    settings: Settings, clients: Clients, table: Table, pages: Pages, embedder: QuestionEmbedder | None
) -> list[BaseRoute]:
    """The pages of assistants."""
    documents = _asked(settings, clients, table, embedder) if embedder else None
    parts = AssistantParts(pages, StoredAssistants(table), OwnInstructions(table), settings, documents)
    return AssistantPages(parts).routes()


def _quotas(settings: Settings) -> Quotas:
    megabytes = settings.library_megabytes * listing.MEGABYTE
    return Quotas(settings.library_files, megabytes, settings.library_pages)


def _documents(
    settings: Settings,
    table: Table,
    bucket: Bucket,
    pages: Pages,
    embedder: Embedder,
    fetcher: Fetcher | None,
) -> tuple[Documents, Worker]:
    """The page of documents, and who works on them."""
    wake, stopping = threading.Event(), threading.Event()
    quotas = _quotas(settings)
    library = Library(table, quotas)
    parts = ingestion.Parts(
        store=Ingesting(table, quotas.pages),
        bucket=bucket,
        passages=Passages(table),
        embedder=embedder,
        read=ingestion.read,
        cut=cut,
        follow_on=library.bring_up_to_date,
    )
    worker = Worker(ingestion.Ingestion(parts, wake, stopping).work_on_one, wake, stopping)
    page = DocumentParts(
        pages=pages,
        library=library,
        shared=SharedLibraries(table),
        adding=Adding(library, bucket, worker.wake),
        bucket=bucket,
        wake=worker.wake,
        model=embedder.model,
        fetcher=fetcher,
    )
    return Documents(page), worker


def _login(
    settings: Settings,
    table: AsyncTable,
    directory: Directory,
    single_sign_on: SingleSignOn | None,
    sessions: Sessions,
    pages: Pages,
    fault: Callable[[str, str], str | None],
) -> list[BaseRoute]:
    https = settings.https
    services = Services(
        settings=settings,
        pages=pages,
        directory=directory,
        single_sign_on=single_sign_on,
        sessions=sessions,
        steps=Steps(table),
        departures=Departures(table),
        enrollments=Enrollments(table),
        attempts=Attempts(Throttle(table), Known(table), known_cookie(https)),
        judge=PasswordJudge(fault),
        session_cookie=session_cookie(https),
        step_cookie=step_cookie(https),
        departure_cookie=departure_cookie(https),
        known_cookie=known_cookie(https),
        return_cookie=return_cookie(https),
    )
    sign_in = SignIn(services)
    return [
        *sign_in.routes(),
        *Reset(services, sign_in).routes(),
        *SignUp(services, sign_in).routes(),
        *(SingleSignOnRoutes(services, sign_in, single_sign_on).routes() if single_sign_on else []),
        *Account(services).routes(),
        *Authenticator(services).routes(),
    ]


def _guarded(pages: Pages, routes: list[BaseRoute], description: Description) -> fastapi.FastAPI:
    async def unreachable(request: Request, _: Exception) -> Response:
        return pages.refusal(request, 503)

    async def unsupported(request: Request, challenge: Exception) -> Response:
        audit("sign-in", outcome="failed", client=address(request), detail=f"unsupported: {challenge}")
        return pages.unsupported(request, str(challenge))

    async def broken(request: Request, _: Exception) -> Response:
        return pages.refusal(request, 500)  # and the exception goes on to the log

    return fastapi.FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=routes,
        exception_handlers={
            TableUnreachable: unreachable,
            UnsupportedChallenge: unsupported,
            CognitoError: unreachable,
            Exception: broken,
        },
        middleware=[
            # Gradio answers any Origin with leave to read, unless its parent has a CORS policy: ours is none.
            Middleware(CORSMiddleware, allow_origins=()),
            Middleware(ConversationAddress),
            Middleware(EventStatuses),
            Middleware(ServedPage, description=description),
        ],
    )


def _mount_chat(app: fastapi.FastAPI, page: Any) -> None:
    import gradio  # not before the chat's package has set Gradio's switches

    def signed_in_user(request: fastapi.Request) -> str | None:
        identity = getattr(request.state, "identity", None)
        return identity.user_id if identity else None

    gradio.mount_gradio_app(app, page, path="/", auth_dependency=signed_in_user, **build.mount_options())
    keep_no_pages(app, page)
