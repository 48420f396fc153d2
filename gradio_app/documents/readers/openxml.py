"""Office files are archives of XML: parts and the relations between them (ECMA-376, part 2).

Only the parts that hold text are unpacked, each to a bound: pictures and films stay packed.
"""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element, TreeBuilder, XMLParser

from gradio_app.documents.extracted import Limits, Reason, UnreadableError

COMPOUND_FILE = b"\xd0\xcf\x11\xe0"
"""An Office file under a password is another container altogether."""
RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
R_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
MAIN = "/officeDocument"
CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


class _NoDoctype(TreeBuilder):
    """No Office file declares entities; whoever does wants them multiplied or fetched."""

    def doctype(self, *_: object) -> None:
        raise UnreadableError(Reason.BROKEN, "document type declaration")


def parse(xml: bytes) -> Element:
    parser = XMLParser(target=_NoDoctype())  # noqa: S314
    parser.feed(xml)
    return parser.close()


class Package:
    """An Office file that is being read."""

    def __init__(self, content: bytes, limits: Limits) -> None:
        """Raises `UnreadableError` before anything is unpacked: for a password, or for its size."""
        if content.startswith(COMPOUND_FILE):
            raise UnreadableError(Reason.PASSWORD)
        self._archive = zipfile.ZipFile(io.BytesIO(content))
        self._limits = limits
        if sum(entry.file_size for entry in self._archive.infolist()) > limits.unpacked_bytes:
            raise UnreadableError(Reason.TOO_LARGE, "unpacked")

    def main(self) -> str:
        """The name of the part that everything else hangs on."""
        return next(name for kind, name in self.related("") if kind.endswith(MAIN))

    def part(self, name: str) -> Element | None:
        """One part, None where there is none."""
        try:
            entry = self._archive.getinfo(name)
        except KeyError:
            return None
        if entry.flag_bits & 1:
            raise UnreadableError(Reason.PASSWORD)
        with self._archive.open(entry) as part:
            xml = part.read(self._limits.part_bytes + 1)
        if len(xml) > self._limits.part_bytes:
            raise UnreadableError(Reason.TOO_LARGE, "part")
        return parse(xml)

    def related(self, name: str) -> Iterator[tuple[str, str]]:
        """`(type, part)` of what a part refers to inside of the package."""
        for relation in self._relations(name):
            yield relation.get("Type", ""), self._target(name, relation)

    def by_id(self, name: str) -> dict[str, str]:
        """The parts that a part refers to by their ids."""
        return {relation.get("Id", ""): self._target(name, relation) for relation in self._relations(name)}

    def _relations(self, name: str) -> list[Element]:
        folder, file = posixpath.split(name)
        found = self.part(posixpath.join(folder, "_rels", f"{file}.rels"))
        return [
            relation
            for relation in (found.iter(RELATIONS) if found is not None else ())
            if relation.get("TargetMode") != "External"
        ]

    @staticmethod
    def _target(name: str, relation: Element) -> str:
        joined = posixpath.join("/", posixpath.dirname(name), relation.get("Target", ""))
        return posixpath.normpath(joined).lstrip("/")


def children(element: Element) -> Iterator[Element]:
    """The children that are shown: what newer programs write twice is taken once."""
    for child in element:
        if child.tag != FALLBACK:
            yield child
