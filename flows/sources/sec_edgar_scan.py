"""A companyfacts document of which only the kept tags are parsed: four fifths of its bytes are other tags.

It rests on what a JSON string cannot hold: `:{"label":` with bare quotation marks never stands inside a text, so each
one found begins a tag. Whatever is not laid out as the SEC lays it out is parsed whole instead.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from transforms.staging.sec_tags import KEPT_TAGS

_HEAD = re.compile(rb'\{"cik":"?(\d{1,10})"?,"entityName":')
_TAG = b':{"label":'
_KEPT = {taxonomy.encode(): frozenset(tag.encode() for tag in tags) for taxonomy, tags in KEPT_TAGS.items()}
_NO_TAGS: frozenset[bytes] = frozenset()
_CLOSING = 3
"""Braces after the last tag: of its taxonomy, of the facts, of the document."""


class _Tag(NamedTuple):
    """A tag: its name, its taxonomy where it is the first one, where the tag before it ends, where its value starts."""

    name: bytes
    taxonomy: bytes | None
    before: int
    start: int


def kept_document(content: bytes) -> Any:
    """The document with the kept tags alone, or the whole one where its layout is another.

    Raises:
        ValueError: it is no JSON.
    """
    head = _HEAD.match(content)
    tags = list(_tags(content)) if head else []
    if not head or not tags or tags[0].taxonomy is None or content.count(b'"units"') != len(tags):
        return orjson.loads(content)
    facts: dict[str, dict[str, Any]] = {}
    ends = [tag.before for tag in tags[1:]] + [len(content.rstrip()) - _CLOSING]
    kept, into = _NO_TAGS, dict[str, Any]()
    for tag, end in zip(tags, ends, strict=True):
        if tag.taxonomy is not None:
            kept = _KEPT.get(tag.taxonomy, _NO_TAGS)
            into = facts.setdefault(tag.taxonomy.decode(), {})
        if tag.name in kept:
            try:
                into[tag.name.decode()] = orjson.loads(content[tag.start : end])
            except orjson.JSONDecodeError:
                return orjson.loads(content)
    return {"cik": int(head[1]), "facts": facts}


def _tags(content: bytes) -> Iterator[_Tag]:
    at = content.find(_TAG)
    while at >= 0:
        name = content.rfind(b'"', 0, at - 1)
        taxonomy, before = None, name - 1
        if content[name - 3 : name] == b'":{':
            quote = content.rfind(b'"', 0, name - 3)
            taxonomy, before = content[quote + 1 : name - 3], quote - 2
        yield _Tag(content[name + 1 : at - 1], taxonomy, before, at + 1)
        at = content.find(_TAG, at + len(_TAG))
