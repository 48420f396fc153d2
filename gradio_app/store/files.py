"""Attached files: uploaded and not sent yet, or a message's.

An upload lies under `uploads/` in the bucket, where it ends by itself, and has an item that ends sooner. When
its message is stored it is copied into its conversation, and goes when the message or the conversation goes.
Table and bucket cannot change in one step. So whatever is to be deleted, or would have to be if this process
died now, is written down first: an item `LEFT#`, which the same transaction removes that stores the message.
What is left of such items is gone through whenever a page of that person opens.

Keys begin with the person's id, so another's files cannot even be named.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex

from gradio_app.chat import errors
from gradio_app.chat.attachments import File, Files, from_json, new_file_id, to_json, valid_file_id
from gradio_app.store import schema
from gradio_app.store.bucket import Bucket, MissingObjectError, Stream
from gradio_app.store.table import (
    Action,
    Attr,
    ConflictError,
    Delete,
    Item,
    Table,
    TableUnreachable,
    Update,
)

UPLOADS = 20
"""Files of one person that are uploaded and not sent."""
UPLOADED_BYTES = 60_000_000
"""What they take together."""
KEPT_SECONDS = 24 * 3600
"""How long an upload can be sent. S3 ends its object after that: a day later, at the next midnight."""
TAKING_SECONDS = 600
"""After which a message that was to be stored will not be any more; it takes a second or two."""
TEXT_ENDING = ".txt"
"""Of the object that holds the text of a file, beside the file's own."""


class TooManyUploadsError(Exception):
    """A person has as many files uploaded as one may, or as many bytes."""


class UploadGoneError(Exception):
    """An upload that is to be sent is not there any more."""


@dataclass(frozen=True)
class Taken:
    """Files that were copied into a conversation, for a message that is about to be stored.

    `actions` belong into the transaction that stores it; whoever stores none calls `AttachedFiles.give_up`.
    """

    files: Files = ()
    actions: Sequence[Action] = ()
    left: Item | None = None
    uploads: Sequence[str] = ()


class AttachedFiles:
    """The files. Every method blocks; raises TableUnreachable when table or bucket cannot be asked."""

    def __init__(self, table: Table, bucket: Bucket, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._bucket = bucket
        self._now = now

    def upload(self, user_id: str, file: File, content: bytes, text: str) -> None:
        """Keep a file that is not sent yet, with the text found in it. Raises TooManyUploadsError."""
        pk, sk = schema.person(user_id), schema.upload(file.id)
        end = int(self._now()) + KEPT_SECONDS
        item = {"pk": pk, "sk": sk, "file": to_json([file]), "bytes": file.stored_bytes, "expires_at": end}
        # Counted with itself: of two that come at once both may be refused, but never both taken in excess.
        self._table.put(item)
        try:
            self._check_room(pk)
            self._bucket.put(_upload(user_id, file.id), content)
            if text:
                self._bucket.put(_upload(user_id, file.id) + TEXT_ENDING, text.encode())
        except (TooManyUploadsError, TableUnreachable):
            self._table.take(pk, sk)
            raise

    def uploads(self, user_id: str, ids: Iterable[str]) -> Files:
        """Those of these uploads that are still there, in the same order."""
        wanted = [file_id for file_id in dict.fromkeys(ids) if valid_file_id(file_id)][:UPLOADS]
        keys = [schema.upload(file_id) for file_id in wanted]
        found = self._table.get_many(schema.person(user_id), keys)
        fresh = (found[key] for key in keys if key in found and found[key]["expires_at"] > self._now())
        return tuple(file for item in fresh for file in from_json(item["file"]))

    def drop_upload(self, user_id: str, file_id: str) -> None:
        """Delete an upload; deleting what is not there is fine."""
        self._table.take(schema.person(user_id), schema.upload(file_id))
        self._bucket.delete(_both(_upload(user_id, file_id)))

    def open_upload(self, user_id: str, file_id: str) -> tuple[File, Stream]:
        """An upload, to show it; raises MissingObjectError."""
        if not (found := self.uploads(user_id, [file_id])):
            raise MissingObjectError
        return found[0], self._bucket.stream(_upload(user_id, file_id))

    def open(self, user_id: str, conversation_id: str, file_id: str) -> Stream:
        """The object of a file that a message names; raises MissingObjectError."""
        return self._bucket.stream(_file(user_id, conversation_id, file_id))

    def content(self, user_id: str, conversation_id: str, file_id: str) -> bytes:
        """All of a file that a message names; raises MissingObjectError."""
        return self._bucket.read(_file(user_id, conversation_id, file_id))

    def text(self, user_id: str, conversation_id: str, file_id: str, most_bytes: int) -> str:
        """The beginning of the text of a file that a message names; raises MissingObjectError."""
        return _decoded(self._bucket.read(_file(user_id, conversation_id, file_id) + TEXT_ENDING, most_bytes))

    def take(self, user_id: str, conversation_id: str, uploads: Files) -> Taken:
        """Copy uploads into a conversation. Raises UploadGoneError, and then nothing is left of it."""
        if not uploads:
            return Taken()
        left = self._write_down(user_id, conversation_id, uploads, int(self._now()) + TAKING_SECONDS)
        taken = Taken(uploads, self._actions(user_id, left, uploads), left, [file.id for file in uploads])
        try:
            for file in uploads:
                self._copy(_upload(user_id, file.id), _file(user_id, conversation_id, file.id), file)
        except MissingObjectError:
            self.give_up(user_id, taken)
            raise UploadGoneError from None
        except TableUnreachable:
            self.give_up(user_id, taken)
            raise
        return taken

    def give_up(self, user_id: str, taken: Taken) -> None:
        """No message was stored with these files: delete the copies, now or when the next page opens."""
        if taken.left is not None:
            self._clear(user_id, taken.left)

    def stored(self, user_id: str, taken: Taken) -> None:
        """The message is stored: its uploads are no more. What cannot be deleted now ends by itself."""
        keys = [key for file_id in taken.uploads for key in _both(_upload(user_id, file_id))]
        _in_peace(lambda: self._bucket.delete(keys))

    def give_back(self, user_id: str, conversation_id: str, files: Files) -> Files:
        """Make uploads of a message's files, for a question that goes back into the box."""
        given: list[File] = []
        for file in files:
            again = replace(file, id=new_file_id(), read_as="")
            pk, sk = schema.person(user_id), schema.upload(again.id)
            end = int(self._now()) + KEPT_SECONDS
            try:
                self._copy(_file(user_id, conversation_id, file.id), _upload(user_id, again.id), file)
            except MissingObjectError:
                continue
            stored = {"file": to_json([again]), "bytes": again.stored_bytes, "expires_at": end}
            self._table.put({"pk": pk, "sk": sk, **stored})
            given.append(again)
        return tuple(given)

    def clear(self, user_id: str) -> None:
        """Delete what was to be deleted when something died; called when a page opens."""
        for item in self._table.query(schema.person(user_id), prefix=schema.LEFT):
            if item["after"] <= self._now():
                self._clear(user_id, item)

    def clear_now(self, user_id: str, left: Iterable[Item]) -> None:
        """Delete what a transaction has just written down as to be deleted; what fails is done later."""
        for item in left:
            self._clear(user_id, item)

    def delete_conversation(self, user_id: str, conversation_id: str) -> None:
        """Delete every file of a conversation."""
        self._bucket.delete_all(schema.files(user_id, conversation_id))

    def _check_room(self, pk: str) -> None:
        items = list(self._table.query(pk, prefix=schema.UPLOAD, names=["sk", "bytes", "expires_at"]))
        fresh = [item["bytes"] for item in items if item["expires_at"] > self._now()]
        if len(fresh) > UPLOADS or sum(fresh) > UPLOADED_BYTES:
            raise TooManyUploadsError

    def _write_down(self, user_id: str, conversation_id: str, files: Files, after: int) -> Item:
        item = left_item(user_id, conversation_id, [file.id for file in files], after)
        self._table.put(item)
        return item

    def _actions(self, user_id: str, left: Item, uploads: Files) -> list[Action]:
        pk = schema.person(user_id)
        # Not where somebody has begun to delete the copies, who took this process for dead.
        unchanged = Attr("pk").exists() & Attr("after").eq(left["after"])
        return [
            Delete(pk, left["sk"], unchanged),
            *(Delete(pk, schema.upload(file.id)) for file in uploads),
        ]

    def _copy(self, source: str, target: str, file: File) -> None:
        self._bucket.copy(source, target)
        if file.text_bytes:
            self._bucket.copy(source + TEXT_ENDING, target + TEXT_ENDING)

    def _clear(self, user_id: str, left: Item) -> None:
        _in_peace(lambda: self._really_clear(user_id, left))

    def _really_clear(self, user_id: str, left: Item) -> None:
        pk = schema.person(user_id)
        begun = Update(pk, left["sk"], set={"after": 0}, condition=Attr("pk").exists())
        try:
            self._table.write(begun)
        except ConflictError:
            return  # the message was stored after all, or somebody else was faster
        place = [_file(user_id, left["conversation"], file_id) for file_id in left["files"].split()]
        self._bucket.delete([key for each in place for key in _both(each)])
        self._table.take(pk, left["sk"])


def left_item(user_id: str, conversation_id: str, ids: Sequence[str], after: int = 0) -> Item:
    """What writes down that files of a conversation are to be deleted, from that time on in epoch seconds."""
    key = {"pk": schema.person(user_id), "sk": schema.left(token_hex(16))}
    return {**key, "conversation": conversation_id, "files": " ".join(ids), "after": after}


def _upload(user_id: str, file_id: str) -> str:
    return schema.uploads(user_id) + file_id


def _file(user_id: str, conversation_id: str, file_id: str) -> str:
    return schema.files(user_id, conversation_id) + file_id


def _both(key: str) -> list[str]:
    """The keys of a file and of its text."""
    return [key, key + TEXT_ENDING]


def _decoded(data: bytes) -> str:
    """Text that may have been cut in the middle of a character."""
    return data.decode("utf-8", "ignore")


def _in_peace(work: Callable[[], object]) -> None:
    """Do what can also be done later."""
    try:
        work()
    except TableUnreachable as error:
        errors.record_storage(error)
