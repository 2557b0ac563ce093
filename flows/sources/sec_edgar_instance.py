"""XBRL instance of a filing: the facts of its cover page, read as a stream, nothing but elements and text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from xml.parsers import expat

import polars as pl

from flows.edge.landing import LandedFile
from flows.sources.decode import opened
from transforms.staging import BadInput
from transforms.staging.sec_cover import COVER_FACTS, COVER_TAGS

_XBRL = "http://www.xbrl.org/2003/instance"
_DIMENSIONS = "http://xbrl.org/2006/xbrldi"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_DEI = "http://xbrl.sec.gov/dei/"
_CLASS_AXIS = "StatementClassOfStockAxis"
_CIK = "EntityCentralIndexKey"
_WANTED = COVER_TAGS | {_CIK}
_TEXT_PARTS = {"identifier", "instant", "endDate", "measure"}


@dataclass
class Context:
    """What a fact is about: whose, which day, and which axes with their members."""

    identifier: str = ""
    end: str | None = None
    members: dict[str, str] = field(default_factory=dict)

    @property
    def share_class(self) -> str | None:
        """The class of share; empty where there is none, None where the fact is about something else."""
        if not self.members:
            return ""
        return self.members.get(_CLASS_AXIS) if len(self.members) == 1 else None


@dataclass
class Instance:
    """The cover page's facts (tag, context, unit, text), and what their references stand for."""

    contexts: dict[str, Context] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    facts: list[tuple[str, str, str, str]] = field(default_factory=list)


def cover_facts(payload: bytes, file: LandedFile) -> pl.DataFrame:
    """The facts (columns `COVER_FACTS`) of the instance landed under `<day of filing>_<accession>`.

    Raises:
        BadInput: not an XBRL instance, cut off, with a DOCTYPE, without a document type or the filer's number, or the
            key names no filing.
    """
    filed, accession = filing_of(file)
    instance = read_instance(opened(payload, file), file)
    facts = instance.facts
    form = next((text for tag, _, _, text in facts if tag == "DocumentType"), "")
    if not form:
        raise BadInput(file.source, file.name, "DocumentType", "the instance does not say which form it belongs to")
    cik = _cik(instance, file)
    rows = [
        {"cik": cik, "accession": accession, "form": form, "filed": filed, "tag": tag, "value": text}
        | {"unit": instance.units.get(unit)}
        | _about(instance.contexts[context])
        for tag, context, unit, text in facts
        if context in instance.contexts and tag != _CIK
    ]
    return pl.DataFrame(rows, schema=COVER_FACTS)


def filing_of(file: LandedFile) -> tuple[date, str]:
    """Day of filing and accession number, as the key `2024-02-02_0000320193-24-000006` has them.

    Raises:
        BadInput: the key has another form.
    """
    day, _, accession = file.key.partition("_")
    try:
        return date.fromisoformat(day), accession
    except ValueError as error:
        raise BadInput(file.source, file.name, "key", f"{file.key!r} names no day of filing") from error


def read_instance(content: bytes, file: LandedFile) -> Instance:
    """The cover page's part of an instance document.

    Raises:
        BadInput: see `cover_facts`.
    """
    reader = _Reader(file)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise BadInput(file.source, file.name, "body", f"not whole XML: {error}") from error
    return reader.instance


class _Reader:
    """Takes the parser's events; keeps contexts, units and the facts of the cover page."""

    def __init__(self, file: LandedFile) -> None:
        self.instance = Instance()
        self._file = file
        self._depth = 0
        self._context: Context | None = None
        self._unit: list[str] | None = None
        self._unit_id = ""
        self._axis = ""
        self._fact: tuple[str, str, str] | None = None
        self._parts: list[str] | None = None

    def doctype(self, *declaration: Any) -> None:
        """Refuse entities before the first of them is read."""
        del declaration
        raise BadInput(self._file.source, self._file.name, "body", "the XML declares a DOCTYPE, an instance has none")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        space, _, tag = name.rpartition(" ")
        self._depth += 1
        if self._depth == 1 and (space, tag) != (_XBRL, "xbrl"):
            detail = f"the root is <{tag}>, not that of an XBRL instance"
            raise BadInput(self._file.source, self._file.name, "body", detail)
        if space == _XBRL:
            self._start_frame(tag, attributes)
        elif space == _DIMENSIONS and self._context is not None:
            self._axis = attributes.get("dimension", "").rpartition(":")[2]
            self._parts = []
            self._context.members[self._axis] = ""
        elif self._depth == 2 and tag in _WANTED and space.startswith(_DEI) and not _is_nil(attributes):
            self._fact = (tag, attributes.get("contextRef", ""), attributes.get("unitRef", ""))
            self._parts = []

    def _start_frame(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "context":
            self._context = self.instance.contexts.setdefault(attributes.get("id", ""), Context())
        elif tag == "unit":
            self._unit, self._unit_id = [], attributes.get("id", "")
        elif tag in _TEXT_PARTS:
            self._parts = []

    def text(self, content: str) -> None:
        """Characters between two tags."""
        if self._parts is not None:
            self._parts.append(content)

    def end(self, name: str) -> None:
        """An element ends."""
        space, _, tag = name.rpartition(" ")
        self._depth -= 1
        said = "".join(self._parts or ()).strip()
        if space == _XBRL:
            self._end_frame(tag, said)
        elif space == _DIMENSIONS and self._context is not None:
            self._context.members[self._axis] = said.rpartition(":")[2]
        elif self._depth == 1 and self._fact is not None:
            self.instance.facts.append((*self._fact, said))
            self._fact = None
        else:
            return
        self._parts = None

    def _end_frame(self, tag: str, said: str) -> None:
        if tag == "context":
            self._context = None
        elif tag == "unit" and self._unit is not None:
            self.instance.units[self._unit_id] = "/".join(self._unit)
            self._unit = None
        elif tag == "measure" and self._unit is not None:
            self._unit.append(said.rpartition(":")[2])
        elif self._context is not None and tag == "identifier":
            self._context.identifier = said
        elif self._context is not None and tag in ("instant", "endDate"):
            self._context.end = said


def _is_nil(attributes: Mapping[str, str]) -> bool:
    return attributes.get(f"{_XSI} nil") in ("true", "1")


def _about(context: Context) -> dict[str, object]:
    try:
        end = date.fromisoformat((context.end or "")[:10])
    except ValueError:
        end = None
    return {"share_class": context.share_class, "end": end}


def _cik(instance: Instance, file: LandedFile) -> int:
    said = next((text for tag, _, _, text in instance.facts if tag == _CIK), "")
    named = said or next((context.identifier for context in instance.contexts.values()), "")
    if not named.isdigit():
        raise BadInput(file.source, file.name, _CIK, f"the filer's number is {named!r}")
    return int(named)
