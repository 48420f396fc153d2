"""All that lies in the table and in the bucket, on one page: nobody else puts a key together.

What is stored outlives the version. The next release reads all of this, and so does the one before, because
deployments overlap: of `conversation` and `message` it takes every attribute for text or a whole number, and
wants those without a question mark. So what is new is optional, text or a number there, and has a sort key of
its own elsewhere.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

BY_CHANGE = "by-change"
"""The index of what has `updated_at`, which only heads of conversations have: a user's, in its order."""

CHANGE = "updated_at"
BY_MEANING = "by-meaning"
"""The vector index of what has `library` and `vector`, which only passages of documents have."""
LIBRARY, VECTOR = "library", "vector"
FILTERS = ("model", "collection", "document", "language")
"""By what a search in that index may be narrowed."""
DIMENSIONS = 512

ROLES = ("user", "assistant")
"""In the order in which a turn's messages are sorted."""

CONVERSATION = "CONVERSATION#"
MESSAGE = "MESSAGE#"
BRANCH = "BRANCH#"
"""Messages of branches: turns that follow another version of a message than its first."""
VERSIONS = "VERSIONS#"
DELETED = "DELETED#"
PINNED = "PINNED#"
FOLDER = "FOLDER#"
FILED = "FILED#"
DRAFT = "DRAFT#"
UPLOAD = "UPLOAD#"
LEFT = "LEFT#"
DRAFT_BEFORE = "DRAFT"
"""The one draft of a user, as the releases wrote it whose drafts did not belong to a conversation."""
PREFERENCES = "PREFERENCES"
INSTRUCTIONS = "INSTRUCTIONS"
ASSISTANT = "ASSISTANT#"
ASSISTANT_SAYS = "SAYS#"
ASSISTANTS = "ASSISTANTS"
"""Where the shelves are counted; in a person's partition, how many of their own there are."""
SHELF = "SHELF#"
ASSISTED = "ASSISTED#"
STORAGE = "STORAGE"
THUMB = "THUMB#"
THUMBS = "THUMBS"
"""Where administrators see them."""
THUMB_TOLD = "GIVEN#"
THUMBS_COUNTED = "COUNT#"
USAGE = "USAGE#"
RESERVATION = "RESERVATION#"
SIGNED_IN = "SESSION#"
SESSION = "SESSION"
AUTHENTICATOR = "AUTHENTICATOR"
CHALLENGE = "CHALLENGE"
THROTTLE = "THROTTLE"
BROWSER = "BROWSER"
ADDRESS = "ADDRESS"
HEALTH = "HEALTH"
DOCUMENT = "DOCUMENT#"
LISTED = "LISTED#"
COLLECTION = "COLLECTION#"
COUNTS = "COUNTS"
LIBRARIES = "LIBRARIES"
GROUP = "GROUP#"
INGESTION = "INGESTION"
WORK = "WORK#"
URGENT = "WORK#0#"
PASSAGE = "PASSAGE#"
VECTOR_OF = "VECTOR#"
SEGMENT = "SEGMENT#"
WORD = "WORD#"
PASSAGE_COUNT = "COUNT"
STRETCH = "STRETCH#"
READ_TO = "READ#"
CHANGED = "CHANGED#"
SAID = "READ"
SWEEP = "SWEEP"
IMPORTED = "IMPORT#"
BROUGHT = "BROUGHT#"
SHARE = "SHARE#"
SHARED_HEAD = "HEAD"
SHARED_TURN = "TURN#"

NUMBER_DIGITS = 15
BRANCHED = 5 * 10**14
"""What is added to the number of a turn in a branch, so that it tells where the turn lies. Others are times
in milliseconds, which do not come so far before the year 17800; a branch leaves them and never comes back."""
PASSAGE_DIGITS = 6
RANK_DIGITS = 2


@dataclass(frozen=True)
class Kind:
    """A kind of item; `attributes` are `name:type` in DynamoDB's letters, with `?` where one may miss."""

    name: str
    pk: str
    sk: str
    attributes: str
    ends: str
    """When DynamoDB or the application deletes it."""
    used_by: str
    """The modules of `gradio_app` that read and write it."""


KINDS = (
    Kind(
        "conversation",
        "USER#<user>",
        "CONVERSATION#<conversation>",
        "title:S version:N updated_at:N input_tokens:N? output_tokens:N? summary:S? summarized_to:N? "
        "stored_bytes:N? model_id:S? temperature:N? max_tokens:N? asks:S? instructions:S? assistant:S? "
        "pinned:N? folder:S? deleted_at:N? shown:N? stem:N? branch_summary:S? branch_summarized_to:N? "
        "named:N? unpinned_at:N? whole:N? effort:S? service_tier:S? cache_saved_tokens:N?",
        "deleted by its owner",
        "store/conversations, heads, answers, deletion, organizing, instructions",
    ),
    Kind(
        "message",
        "USER#<user>",
        "MESSAGE#<conversation>#<turn>#<0 or 1>",
        "role:S text:S parts:S? bytes:N? parent:N? status:S? reason:S? input_tokens:N? output_tokens:N? "
        "cache_read_tokens:N? cache_write_tokens:N? counted_from:N? model_id:S? temperature:N? max_tokens:N? "
        "holder:S? lease_until:N? stop_requested:N? files:S? sources:S? made_of:S? "
        "reasoning:S? reasoning_ms:N? first:N? effort:S? service_tier:S? imported:N?",
        "with its conversation",
        "store/messages, conversations, answers, deletion",
    ),
    Kind(
        "message of a branch",
        "USER#<user>",
        "BRANCH#<conversation>#<turn>#<0 or 1>",
        "role:S text:S parts:S? bytes:N? parent:N? status:S? reason:S? input_tokens:N? output_tokens:N? "
        "cache_read_tokens:N? cache_write_tokens:N? counted_from:N? model_id:S? temperature:N? max_tokens:N? "
        "holder:S? lease_until:N? stop_requested:N? files:S? sources:S? made_of:S? "
        "reasoning:S? reasoning_ms:N? first:N? path:S? stem:N? effort:S? service_tier:S? imported:N?",
        "with its conversation",
        "store/messages, branches, conversations, answers, deletion",
    ),
    Kind(
        "versions of a message",
        "USER#<user>",
        "VERSIONS#<conversation>#<turn>",
        "numbers:S leaves:S",
        "with its conversation",
        "store/branches, conversations, deletion",
    ),
    Kind(
        "deleted conversation",
        "USER#<user>",
        "DELETED#<conversation>",
        "expires_at:N",
        "a day after",
        "store/deletion, conversations",
    ),
    Kind(
        "pinned conversation",
        "USER#<user>",
        "PINNED#<conversation>",
        "",
        "when it is let go, or with its conversation",
        "store/organizing, deletion",
    ),
    Kind(
        "last deletion of what is over",
        "SWEEP",
        "SWEEP",
        "after:N",
        "never",
        "store/expiring",
    ),
    Kind(
        "conversation that is being brought in",
        "USER#<user>",
        "IMPORT#<conversation>",
        "after:N",
        "when it is there, or at the next one",
        "store/importing",
    ),
    Kind(
        "file that is being brought in",
        "USER#<user>",
        "BROUGHT#<hash of its content>",
        "run:S begun:N after:N",
        "when all of it is there, or at the next one, hours after",
        "store/importing",
    ),
    Kind(
        "copy that is shared",
        "USER#<user>",
        "SHARE#<conversation>#<copy>",
        "title:S at:N",
        "when it is revoked, or with its conversation",
        "store/sharing, deletion",
    ),
    Kind(
        "what a copy is of",
        "SHARED#<copy>",
        "HEAD",
        "owner:S conversation:S title:S at:N",
        "when it is revoked, or with its conversation",
        "store/sharing, deletion",
    ),
    Kind(
        "turn of a copy",
        "SHARED#<copy>",
        "TURN#<number>",
        "question:S answer:S model_id:S",
        "when it is revoked, or with its conversation",
        "store/sharing, deletion",
    ),
    Kind("folder", "USER#<user>", "FOLDER#<id>", "name:S", "deleted by its owner", "store/organizing"),
    Kind(
        "conversation in a folder",
        "USER#<user>",
        "FILED#<folder>#<conversation>",
        "",
        "when it is moved, or with its conversation",
        "store/organizing, deletion",
    ),
    Kind("storage", "USER#<user>", "STORAGE", "bytes:N", "never", "store/conversations, answers, deletion"),
    Kind(
        "draft",
        "USER#<user>",
        "DRAFT#<conversation>",
        "text:S uploads:S? instructions:S? saves:N? expires_at:N",
        "a day after",
        "store/drafts",
    ),
    Kind(
        "upload",
        "USER#<user>",
        "UPLOAD#<file>",
        "file:S bytes:N expires_at:N",
        "when it is sent or taken off, or a day after",
        "store/files",
    ),
    Kind(
        "files to delete",
        "USER#<user>",
        "LEFT#<id>",
        "conversation:S files:S after:N",
        "when they are deleted, or were sent after all",
        "store/files, conversations",
    ),
    Kind(
        "draft of the release before",
        "USER#<user>",
        "DRAFT",
        "conversation:S text:S expires_at:N",
        "a day after",
        "store/drafts, which writes none",
    ),
    Kind(
        "preferences",
        "USER#<user>",
        "PREFERENCES",
        "model_id:S temperature:N max_tokens:N effort:S? service_tier:S?",
        "never",
        "store/preferences",
    ),
    Kind("instructions", "USER#<user>", "INSTRUCTIONS", "text:S", "never", "store/instructions"),
    Kind(
        "assistant of one's own",
        "USER#<user>",
        "ASSISTANT#<id>",
        "name:S version:N",
        "deleted by its owner",
        "store/assistants",
    ),
    Kind(
        "what it says",
        "USER#<user>",
        "SAYS#<id>",
        "says:S version:N",
        "with it",
        "store/assistants",
    ),
    Kind("count of assistants", "USER#<user>", "ASSISTANTS", "count:N", "never", "store/assistants"),
    Kind(
        "assistant of a conversation",
        "USER#<user>",
        "ASSISTED#<conversation>",
        "assistant:S",
        "with its conversation",
        "store/conversations, assistants, deletion",
    ),
    Kind(
        "shared assistant",
        "ASSISTANTS#<shelf>",
        "ASSISTANT#<id>",
        "name:S version:N",
        "deleted by an administrator",
        "store/assistants",
    ),
    Kind(
        "what a shared assistant says",
        "ASSISTANTS#<shelf>",
        "SAYS#<id>",
        "says:S version:N",
        "with it",
        "store/assistants",
    ),
    Kind(
        "shelf of assistants",
        "ASSISTANTS",
        "SHELF#<shelf>",
        "name:S count:N",
        "with the last one on it",
        "store/assistants",
    ),
    Kind(
        "thumb on an answer",
        "USER#<user>",
        "THUMB#<conversation>#<turn>",
        "up:N reason:S agreed:N told:S counted:S untold:N?",
        "when it is taken back, or with its message",
        "store/thumbs, deletion, conversations",
    ),
    Kind(
        "thumb as administrators see it",
        "THUMBS",
        "GIVEN#<time>#<id>",
        "day:S up:N reason:S model_id:S assistant:S answer:S? expires_at:N",
        "with the thumb, or a year after",
        "store/thumbs",
    ),
    Kind(
        "count of thumbs",
        "THUMBS",
        "COUNT#<day>#<model>#<assistant>",
        "name:S? up:N? down:N? expires_at:N",
        "a year after the last one",
        "store/thumbs",
    ),
    Kind("usage", "USER#<user>", "USAGE#<day>", "tokens:N expires_at:N", "90 days after", "store/usage"),
    Kind(
        "reservation",
        "USER#<user>",
        "RESERVATION#<id>",
        "day:S tokens:N least:N begun:N lease_until:N expires_at:N",
        "when it is settled",
        "store/usage",
    ),
    Kind(
        "session of a user",
        "USER#<user>",
        "SESSION#<hash>",
        "expires_at:N",
        "with the longest session",
        "sessions/sessions",
    ),
    Kind(
        "session",
        "SESSION#<hash>",
        "SESSION",
        "user_id:S email:S groups:L username:S access_token:S refresh_token:S access_expires_at:N way:S? "
        "created_at:N seen_at:N checked_at:N expires_at:N",
        "at sign-out, or when idle or too old",
        "sessions/sessions",
    ),
    Kind(
        "authenticator being set up",
        "SESSION#<hash>",
        "AUTHENTICATOR",
        "secret_key:S expires_at:N",
        "10 minutes after",
        "sessions/enrollments",
    ),
    Kind(
        "step of a sign-in",
        "CHALLENGE#<hash>",
        "CHALLENGE",
        "name:S username:S session:S secret_key:S first:BOOL account:S ends_others:BOOL expires_at:N",
        "5 minutes after",
        "sessions/steps",
    ),
    Kind(
        "departure to single sign-on",
        "DEPARTURE#<hash>",
        "STATE#<hash>",
        "redirect_uri:S state:S nonce:S verifier:S expires_at:N",
        "10 minutes after",
        "sessions/departures",
    ),
    Kind(
        "failed attempts",
        "THROTTLE#<hash>",
        "THROTTLE",
        "count:N expires_at:N",
        "30 minutes after",
        "sessions/throttle",
    ),
    Kind(
        "known browser",
        "KNOWN#<hash>",
        "BROWSER",
        "accounts:L expires_at:N",
        "at its next sign-in, or after 90 days",
        "sessions/known",
    ),
    Kind(
        "known address",
        "KNOWN#<hash>",
        "ADDRESS",
        "expires_at:N",
        "90 days after the last sign-in",
        "sessions/known",
    ),
    Kind(
        "document",
        "LIBRARY#<library>",
        "DOCUMENT#<hash of its content>",
        "name:S kind:S bytes:N pages:N? state:S reason:S? done:N? total:N? at_page:N? delayed:N? cut:N? "
        "collection:S? source:S? added_by:S added_at:N chunked:S? model:S? refused_model:S? indexed:N? "
        "indexed_at:N? counted_bytes:N counted_pages:N? work:S",
        "deleted by its owner",
        "store/library, ingesting",
    ),
    Kind(
        "line of a library's list",
        "LIBRARY#<library>",
        "LISTED#<added at>#<document>",
        "name:S collection:S?",
        "with its document",
        "store/library, ingesting",
    ),
    Kind(
        "collection",
        "LIBRARY#<library>",
        "COLLECTION#<id>",
        "name:S",
        "deleted by its owner",
        "store/library",
    ),
    Kind(
        "counts of a library",
        "LIBRARY#<library>",
        "COUNTS",
        "files:N bytes:N pages:N working:N",
        "never",
        "store/library, ingesting",
    ),
    Kind(
        "group with a library",
        "LIBRARIES",
        "GROUP#<library>",
        "name:S",
        "when an administrator ends it",
        "store/shared",
    ),
    Kind(
        "work on a document",
        "INGESTION",
        "WORK#<0 or 1>#<place in the line>#<document>#<library>",
        "holder:S? lease_until:N tries:N?",
        "when the document is ready, refused or gone",
        "store/library, ingesting",
    ),
    Kind(
        "passage",
        "PASSAGES#<library>",
        "PASSAGE#<document>#<number>",
        "text:S start:N end:N page:N? heading:S?",
        "with its document",
        "store/passages",
    ),
    Kind(
        "vector of a passage",
        "PASSAGES#<library>",
        "VECTOR#<document>#<number>#<model>",
        "library:S document:S model:S language:S? vector:L",
        "with its document, or when another model has made one",
        "store/passages",
    ),
    Kind(
        "word of passages",
        "PASSAGES#<library>",
        "WORD#<word>#<rank>#<document>#<segment>",
        "places:S",
        "with its document",
        "store/words",
    ),
    Kind(
        "words of a segment",
        "PASSAGES#<library>",
        "SEGMENT#<document>#<segment>",
        "passages:N words:S",
        "with its document",
        "store/words",
    ),
    Kind(
        "word of conversations",
        "SAID#<user>",
        "WORD#<word>#<conversation, its digits reversed in order>#<first turn>",
        "places:S",
        "with its conversation",
        "store/said",
    ),
    Kind(
        "words of some turns",
        "SAID#<user>",
        "STRETCH#<conversation>#<first turn>",
        "last:N words:S",
        "with its conversation",
        "store/said",
    ),
    Kind(
        "how far a conversation is read for search",
        "SAID#<user>",
        "READ#<conversation>",
        "title:S to:N branch_to:N at:N?",
        "with its conversation",
        "store/said",
    ),
    Kind(
        "how far all of them are",
        "SAID#<user>",
        "READ",
        "until:N",
        "never",
        "store/said",
    ),
    Kind(
        "change to be read for search",
        "SAID#<user>",
        "CHANGED#<conversation>#<turn>",
        "stamp:N",
        "at the next search, or with its conversation",
        "store/said, conversations, answers, deletion",
    ),
    Kind(
        "count of passages",
        "PASSAGES#<library>",
        "COUNT",
        "passages:N",
        "never",
        "store/words",
    ),
)


def table_of_kinds() -> Iterable[str]:
    """The same in lines of Markdown, as ARCHITECTURE.md shows it."""
    yield "| item | `pk` | `sk` | attributes | ends | used by |"
    yield "|---|---|---|---|---|---|"
    for kind in KINDS:
        cells = (f"`{kind.pk}`", f"`{kind.sk}`", f"`{kind.attributes}`", kind.ends, kind.used_by)
        yield f"| {kind.name} | {' | '.join(cells)} |"


def person(user_id: str) -> str:
    """The partition of all that belongs to a user."""
    return f"USER#{user_id}"


def conversation(conversation_id: str) -> str:
    """The sort key of a conversation's head."""
    return f"{CONVERSATION}{conversation_id}"


def message(conversation_id: str, number: int, role: str) -> str:
    """The sort key of a message: by turn, and in a turn the question before the answer."""
    kind = BRANCH if is_branched(number) else MESSAGE
    return f"{kind}{conversation_id}#{number:0{NUMBER_DIGITS}d}#{ROLES.index(role)}"


def is_branched(number: int) -> bool:
    """Whether the turn of that number lies in a branch."""
    return number > BRANCHED


def version_of(number: int) -> int:
    """The version of the conversation that came with the turn of that number."""
    return number - BRANCHED if is_branched(number) else number


def versions(conversation_id: str, first: int) -> str:
    """The sort key of what lists the versions of a message, by the turn of the first of them."""
    return f"{VERSIONS}{conversation_id}#{first:0{NUMBER_DIGITS}d}"


def messages_of(conversation_id: str) -> tuple[str, ...]:
    """The prefixes of all messages of a conversation."""
    return tuple(f"{kind}{conversation_id}#" for kind in (MESSAGE, BRANCH))


def parts_of(conversation_id: str) -> tuple[str, ...]:
    """The prefixes of all that belongs to a conversation besides its head, and goes before that."""
    return tuple(f"{kind}{conversation_id}#" for kind in (MESSAGE, BRANCH, VERSIONS))


def messages(conversation_id: str, first: int = 0, last: int = BRANCHED) -> tuple[str, str]:
    """The sort keys between which the messages of these turns lie, both included, of those in no branch."""
    last = min(last, BRANCHED)
    return message(conversation_id, max(first, 0), ROLES[0]), message(conversation_id, last, ROLES[-1])


def turn_number(message_key: str) -> int:
    """The turn of a message, from its sort key."""
    return int(message_key.split("#")[2])


def deleted(conversation_id: str) -> str:
    """The sort key of what remembers that a conversation was deleted."""
    return f"{DELETED}{conversation_id}"


def pinned(conversation_id: str) -> str:
    """The sort key of a conversation in the list of pinned ones."""
    return f"{PINNED}{conversation_id}"


def folder(folder_id: str) -> str:
    """The sort key of a folder of conversations."""
    return f"{FOLDER}{folder_id}"


def filed(folder_id: str, conversation_id: str) -> str:
    """The sort key of a conversation in the list of a folder's."""
    return f"{FILED}{folder_id}#{conversation_id}"


def filed_id(filed_key: str) -> str:
    """The conversation of such a key."""
    return filed_key.rpartition("#")[2]


def share(conversation_id: str, share_id: str = "") -> str:
    """The sort key of a copy in its owner's list; without an id, the prefix of a conversation's."""
    return f"{SHARE}{conversation_id}#{share_id}"


def shared(share_id: str) -> str:
    """The partition of a copy that whoever is signed in may read."""
    return f"SHARED#{share_id}"


def imported(conversation_id: str) -> str:
    """The sort key of what remembers that a conversation is being brought in."""
    return f"{IMPORTED}{conversation_id}"


def brought(content_hash: str) -> str:
    """The sort key of what remembers that a file of conversations is being brought in."""
    return f"{BROUGHT}{content_hash}"


def upload(file_id: str) -> str:
    """The sort key of a file that was uploaded and is not sent."""
    return f"{UPLOAD}{file_id}"


def left(left_id: str) -> str:
    """The sort key of what remembers files that are to be deleted."""
    return f"{LEFT}{left_id}"


def draft(conversation_id: str) -> str:
    """The sort key of what stands in the box of a conversation."""
    return f"{DRAFT}{conversation_id}"


def assistants_of(shelf_id: str) -> str:
    """The partition of assistants that people share."""
    return f"{ASSISTANTS}#{shelf_id}"


def shelf(shelf_id: str) -> str:
    """The sort key of what counts the assistants that some people share."""
    return f"{SHELF}{shelf_id}"


def assistant(assistant_id: str) -> str:
    """The sort key of an assistant in lists."""
    return f"{ASSISTANT}{assistant_id}"


def assistant_says(assistant_id: str) -> str:
    """The sort key of what an assistant says."""
    return f"{ASSISTANT_SAYS}{assistant_id}"


def assisted(conversation_id: str) -> str:
    """The sort key of the assistant that a conversation was begun with, as it was then."""
    return f"{ASSISTED}{conversation_id}"


def thumbs_of(conversation_id: str) -> str:
    """The prefix of the thumbs in a conversation."""
    return f"{THUMB}{conversation_id}#"


def thumb(conversation_id: str, number: int) -> str:
    """The sort key of a person's thumb on the answer of a turn."""
    return f"{thumbs_of(conversation_id)}{number:0{NUMBER_DIGITS}d}"


def thumb_told(given_at: int, thumb_id: str) -> str:
    """The sort key of a thumb as administrators see it, by when it was given (epoch milliseconds)."""
    return f"{THUMB_TOLD}{given_at:0{NUMBER_DIGITS}d}#{thumb_id}"


def thumbs_counted(day: str, model_id: str, assistant_place: str) -> str:
    """The sort key of how many thumbs were given in a day."""
    return f"{THUMBS_COUNTED}{day}#{model_id}#{assistant_place}"


def usage(day: str) -> str:
    """The sort key of a day's tokens."""
    return f"{USAGE}{day}"


def reservation(reservation_id: str) -> str:
    """The sort key of tokens that are set aside for a call."""
    return f"{RESERVATION}{reservation_id}"


def signed_in(session_key: str) -> str:
    """The sort key of a session in the list of its user's."""
    return f"{SIGNED_IN}{session_key}"


def session(session_key: str) -> str:
    """The partition of a session and of what hangs on it; the key is the hash of the cookie's value."""
    return f"SESSION#{session_key}"


def challenge(step_key: str) -> str:
    """The partition of a sign-in's next step, by the hash of its cookie's value."""
    return f"CHALLENGE#{step_key}"


def departure(departure_key: str) -> str:
    """The partition of a browser on its way through single sign-on."""
    return f"DEPARTURE#{departure_key}"


def state(state_key: str) -> str:
    """The sort key of that way, by the hash of its state."""
    return f"STATE#{state_key}"


def throttle(kind: str, value: str, window: int) -> str:
    """The partition of a count of failures; a name that nobody has gives a key like any other."""
    return "THROTTLE#" + hashlib.sha256(f"{kind}\0{value}\0{window}".encode()).hexdigest()


def uploads(user_id: str) -> str:
    """The prefix of the objects in the bucket that a person has uploaded and not sent.

    The lifecycle of the bucket ends what lies under `uploads/` (templates/stacks/data.py).
    """
    return f"uploads/{user_id}/"


def files_of(user_id: str) -> str:
    """The prefix of the objects in the bucket that belong to any message of a person."""
    return f"files/{user_id}/"


def files(user_id: str, conversation_id: str) -> str:
    """The prefix of the objects in the bucket that belong to a person's conversation."""
    return f"{files_of(user_id)}{conversation_id}/"


def known(place_key: str) -> str:
    """The partition of a browser from which somebody signed in, or of an address and who did: by a hash."""
    return f"KNOWN#{place_key}"


def own_library(user_id: str) -> str:
    """The id of a person's own library."""
    return f"user-{user_id}"


def library(library_id: str) -> str:
    """The partition of a library: of a person's own, or of one that people share."""
    return f"LIBRARY#{library_id}"


def document(document_id: str) -> str:
    """The sort key of a document in its library."""
    return f"{DOCUMENT}{document_id}"


def listed(added_at: int, document_id: str) -> str:
    """The sort key of a document's line in the list, by when it was added (epoch milliseconds)."""
    return f"{LISTED}{added_at:0{NUMBER_DIGITS}d}#{document_id}"


def group(library_id: str) -> str:
    """The sort key of a group of the pool that has a library."""
    return f"{GROUP}{library_id}"


def collection(collection_id: str) -> str:
    """The sort key of a collection of documents."""
    return f"{COLLECTION}{collection_id}"


def work(library_id: str, document_id: str, place: int, *, urgent: bool) -> str:
    """The sort key of work on a document in the one line of all libraries; what is urgent comes first."""
    return f"{WORK}{0 if urgent else 1}#{place:0{NUMBER_DIGITS}d}#{document_id}#{library_id}"


def worked_on(work_key: str) -> tuple[str, str]:
    """The library and the document of such a key."""
    _, _, _, document_id, library_id = work_key.split("#", 4)
    return library_id, document_id


def library_files(library_id: str) -> str:
    """The prefix of the objects in the bucket that are a library's originals."""
    return f"library/{library_id}/"


def library_file(library_id: str, document_id: str) -> str:
    """The key in the bucket of a document's original."""
    return f"{library_files(library_id)}{document_id}"


def passages(library_id: str) -> str:
    """The partition of a library's passages, apart from its documents: much is written there at once."""
    return f"PASSAGES#{library_id}"


def passage(document_id: str, number: int) -> str:
    """The sort key of a document's passage."""
    return f"{PASSAGE}{document_id}#{number:0{PASSAGE_DIGITS}d}"


def vector(document_id: str, number: int, model: str) -> str:
    """The sort key of the vector that a model has made of a passage."""
    return f"{VECTOR_OF}{document_id}#{number:0{PASSAGE_DIGITS}d}#{model}"


def vector_of(vector_key: str) -> tuple[str, int, str]:
    """The document, the number and the model of such a key."""
    _, document_id, number, model = vector_key.split("#", 3)
    return document_id, int(number), model


def segment(document_id: str, number: int) -> str:
    """The sort key of what remembers the words of some passages, so that they can be taken back."""
    return f"{SEGMENT}{document_id}#{number:0{PASSAGE_DIGITS}d}"


def word(word_: str, rank: int, document_id: str, segment_number: int) -> str:
    """The sort key of a word in a segment: of a word, what it matters most to comes first."""
    return f"{WORD}{word_}#{rank:0{RANK_DIGITS}d}#{document_id}#{segment_number:0{PASSAGE_DIGITS}d}"


def word_of(word_key: str) -> tuple[str, str, int]:
    """The word, the document and the segment of such a key."""
    head, _, document_id, number = word_key.rsplit("#", 3)
    return head.removeprefix(WORD), document_id, int(number)


def said(user_id: str) -> str:
    """The partition of the words of a person's conversations, apart from these: much is written there."""
    return f"SAID#{user_id}"


def stretch(conversation_id: str, first: int | None = None) -> str:
    """The sort key of what remembers the words of some turns from one on; without one, the prefix of all."""
    return f"{STRETCH}{conversation_id}#" + ("" if first is None else f"{first:0{NUMBER_DIGITS}d}")


def stretch_number(stretch_key: str) -> int:
    """The first turn of such a key."""
    return int(stretch_key.rpartition("#")[2])


def said_word(word_: str, conversation_id: str, first: int) -> str:
    """The sort key of a word in a stretch: of a word, the conversation that was begun last comes first."""
    return f"{WORD}{word_}#{conversation_id.translate(_REVERSED)}#{first:0{NUMBER_DIGITS}d}"


def stretch_of_word(word_key: str) -> tuple[str, int]:
    """The conversation and the first turn of such a key."""
    _, reversed_id, first = word_key.rsplit("#", 2)
    return reversed_id.translate(_REVERSED), int(first)


def read_to(conversation_id: str) -> str:
    """The sort key of how far a conversation is read for search."""
    return f"{READ_TO}{conversation_id}"


def changed(conversation_id: str, turn: int | None = None) -> str:
    """The sort key of a change that search has to read; without a turn, the prefix of a conversation's."""
    return f"{CHANGED}{conversation_id}#" + ("" if turn is None else f"{turn:0{NUMBER_DIGITS}d}")


def changed_turn(changed_key: str) -> tuple[str, int]:
    """The conversation and the turn of such a key."""
    _, conversation_id, turn = changed_key.split("#")
    return conversation_id, int(turn)


_REVERSED = str.maketrans("0123456789abcdef", "fedcba9876543210")
