"""Landing: bytes as served, write-once, named by content hash, each with a sidecar; all is rebuilt from it.

Layout: `<root>/<source>/<dataset>/<key>/<sha256><suffix>` and beside it `<sha256><suffix>.meta.json`.
Content that is served again after another took its place leaves `<sha256><suffix>.<time>.again.json`.
Decisions and other events: `<root>/events/<kind>/<time>-<hash>.json`, one file each.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NotRequired, TypedDict, Unpack

from flows.edge.aside import Aside, link_once, remove_leftovers, sha256_of
from flows.edge.durable import write_once
from flows.errors import SourceError, UsageError

SIDECAR = ".meta.json"
AGAIN = ".again.json"
EVENTS = "events"
UNREADABLE = "unreadable"
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_SUFFIX = re.compile(r"(\.[A-Za-z0-9]+)*")


FileId = tuple[str, str, str, str]
"""Source, dataset, key and content hash: which bytes about what."""


@dataclass(frozen=True)
class LandedFile:
    """One landed file: what it is, which dates it is about, and where it came from. `url` holds no secret."""

    source: str
    dataset: str
    key: str
    session_date: date | None
    vintage_date: date | None
    sha256: str
    path: Path
    size_bytes: int
    url: str
    status: int
    landed_at: datetime
    licence: str
    etag: str | None = None
    last_modified: str | None = None
    fault: str | None = None
    """Why the body is not whole; such a file is evidence and is never read."""

    @property
    def name(self) -> str:
        """The file below landing, as messages and rejects name it."""
        return f"{self.source}/{self.dataset}/{self.key}/{self.path.name}"

    @property
    def file_id(self) -> FileId:
        """What tells this file from every other one that was landed."""
        return self.source, self.dataset, self.key, self.sha256


class About(TypedDict):
    """What is said about bytes that are landed: see `LandedFile`."""

    source: str
    dataset: str
    key: str
    session_date: date | None
    vintage_date: date | None
    url: str
    status: int
    licence: str
    landed_at: datetime
    suffix: str
    etag: NotRequired[str | None]
    last_modified: NotRequired[str | None]
    fault: NotRequired[str | None]


class Landing:
    """The landing folder. Its files are created and never changed; several processes may write at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, payload: bytes, **about: Unpack[About]) -> LandedFile:
        """Land bytes under their hash and return the sidecar; the same bytes again return the first sidecar.

        Raises:
            SourceError: another content already lies under this hash (a damaged disk).
            UsageError: the folder cannot be written, or a name cannot be a file name.
        """
        sha256 = hashlib.sha256(payload).hexdigest()
        path = self._path(sha256, about)
        if not write_once(path, payload) and path.read_bytes() != payload:
            raise _damaged(about["source"], path)
        return self._note(path, sha256, len(payload), about)

    def put_aside(self, aside: Aside, **about: Unpack[About]) -> LandedFile:
        """Land a large file that lies in `aside_folder`, as `put` does; its temporary name goes, whatever happens.

        Raises:
            SourceError, UsageError: as `put`.
        """
        try:
            path = self._path(aside.sha256, about)
            if not link_once(path, aside) and sha256_of(path) != aside.sha256:
                raise _damaged(about["source"], path)
        finally:
            aside.remove()
        return self._note(path, aside.sha256, aside.size_bytes, about)

    def aside_folder(self, source: str, dataset: str) -> Path:
        """Where large files of a dataset are written before they have a name; killed runs' leftovers are removed."""
        folder = self._folder(source, dataset)
        remove_leftovers(folder)
        return folder

    def files(self, source: str, dataset: str | None = None, key: str | None = None) -> list[LandedFile]:
        """Every landed file of a source (or of one dataset, or of one key of it), in the order they were landed."""
        return sorted(
            (file for file in self._sidecars(source, dataset, key) if dataset in (None, file.dataset)),
            key=lambda file: (file.landed_at, file.dataset, file.key, file.sha256),
        )

    def newest(
        self,
        source: str,
        dataset: str | None = None,
        key: str | None = None,
        *,
        include_unreadable: bool = False,
    ) -> list[LandedFile]:
        """The content served last per dataset and key, ordered by both.

        Left out are bodies that broke off and, unless asked for, files that were marked unreadable: the good
        file before or after them counts.
        """
        unreadable = frozenset() if include_unreadable else self._unreadable(source)
        chosen: dict[tuple[str, str], tuple[tuple[datetime, datetime, str], LandedFile]] = {}
        for file in self.files(source, dataset, key):
            if file.fault or (file.dataset, file.key, file.sha256) in unreadable:
                continue
            rank = (_last_served(file), file.landed_at, file.sha256)
            if (file.dataset, file.key) not in chosen or rank > chosen[file.dataset, file.key][0]:
                chosen[file.dataset, file.key] = (rank, file)
        return [chosen[place][1] for place in sorted(chosen)]

    def read(self, file: LandedFile) -> bytes:
        """The bytes of a landed file, proven by their hash.

        Raises:
            SourceError: the file is gone, its bytes changed, or its body broke off when it was fetched.
        """
        _refuse_broken(file)
        try:
            payload = file.path.read_bytes()
        except OSError as error:
            raise _missing(file) from error
        if hashlib.sha256(payload).hexdigest() != file.sha256:
            raise _damaged(file.source, file.path)
        return payload

    def proven_path(self, file: LandedFile) -> Path:
        """Where a large landed file lies, its bytes proven by their hash; nothing of it is kept in memory.

        Raises:
            SourceError: as `read`.
        """
        _refuse_broken(file)
        try:
            sha256 = sha256_of(file.path)
        except OSError as error:
            raise _missing(file) from error
        if sha256 != file.sha256:
            raise _damaged(file.source, file.path)
        return file.path

    def mark_unreadable(self, file: LandedFile, detail: str, at: datetime) -> None:
        """Remember that a landed file cannot be read, so that a rebuild uses what a run used."""
        place = {"source": file.source, "dataset": file.dataset, "key": file.key, "sha256": file.sha256}
        known = {(file.dataset, file.key, file.sha256)} & self._unreadable(file.source)
        if not known:
            self.append_event(UNREADABLE, {**place, "detail": detail}, at)

    def append_event(self, kind: str, payload: Mapping[str, object], at: datetime) -> None:
        """Land one event. Events are never changed; the same event at the same instant is stored once."""
        moment = _utc(at)
        if {"kind", "at"} & set(payload):
            raise ValueError("an event's payload cannot have the fields 'kind' and 'at'")
        content = _json({"kind": kind, "at": moment.isoformat(), **payload})
        name = f"{moment:%Y%m%dT%H%M%S%f}Z-{hashlib.sha256(content).hexdigest()[:16]}.json"
        write_once(self._folder(EVENTS, kind) / name, content)

    def events(self, kind: str) -> list[dict[str, object]]:
        """All events of a kind in the order of their instants: the payload, `kind` and `at` (ISO, UTC)."""
        files = sorted(self._folder(EVENTS, kind).glob("[0-9]*.json"))
        return [json.loads(path.read_bytes()) for path in files]

    def _folder(self, *names: str) -> Path:
        parts = [part for name in names for part in name.split("/")]
        for part in parts:
            if not _PART.fullmatch(part):
                raise UsageError(f"{'/'.join(names)!r} cannot be a folder of the landing.")
        return self.root.joinpath(*parts)

    def _path(self, sha256: str, about: About) -> Path:
        if not _SUFFIX.fullmatch(about["suffix"]):
            raise UsageError(f"{about['suffix']!r} cannot be the suffix of a landed file.")
        return self._folder(about["source"], about["dataset"], about["key"]) / f"{sha256}{about['suffix']}"

    def _note(self, path: Path, sha256: str, size_bytes: int, about: About) -> LandedFile:
        """Write the sidecar, or note that the same bytes were served again."""
        session_date, vintage_date, landed_at = about["session_date"], about["vintage_date"], about["landed_at"]
        meta: dict[str, object] = {
            "source": about["source"],
            "dataset": about["dataset"],
            "key": about["key"],
            "session_date": session_date.isoformat() if session_date else None,
            "vintage_date": vintage_date.isoformat() if vintage_date else None,
            "sha256": sha256,
            "size_bytes": size_bytes,
            "url": about["url"],
            "status": about["status"],
            "landed_at": _utc(landed_at).isoformat(),
            "licence": about["licence"],
            "etag": about.get("etag"),
            "last_modified": about.get("last_modified"),
            "fault": about.get("fault"),
        }
        sidecar = path.with_name(path.name + SIDECAR)
        if not write_once(sidecar, _json(meta)):
            self._note_again(path, landed_at)
        return _load(sidecar)

    def _sidecars(self, source: str, dataset: str | None, key: str | None) -> list[LandedFile]:
        folder = self._folder(*(part for part in (source, dataset, key) if part))
        return [_load(path) for path in folder.rglob(f"*{SIDECAR}")]

    def _unreadable(self, source: str) -> frozenset[tuple[str, str, str]]:
        return frozenset(
            (str(event["dataset"]), str(event["key"]), str(event["sha256"]))
            for event in self.events(UNREADABLE)
            if event["source"] == source
        )

    def _note_again(self, path: Path, landed_at: datetime) -> None:
        """A, then B, then A again: without this note B would stay the newest."""
        here = [_load(sidecar) for sidecar in path.parent.glob(f"*{SIDECAR}")]
        latest = max(here, key=lambda file: (_last_served(file), file.landed_at, file.sha256))
        if latest.path != path and _last_served(latest) <= _utc(landed_at):
            moment = _utc(landed_at)
            note = path.with_name(f"{path.name}.{moment:%Y%m%dT%H%M%S%f}Z{AGAIN}")
            write_once(note, _json({"landed_at": moment.isoformat()}))


def _last_served(file: LandedFile) -> datetime:
    start = f"{file.path.name}."  # compared as text: a pattern per file would cost more than reading it
    notes = [path for path in file.path.parent.iterdir() if path.name.startswith(start) and path.name.endswith(AGAIN)]
    again = [datetime.fromisoformat(json.loads(note.read_bytes())["landed_at"]) for note in notes]
    return max([file.landed_at, *again])


def _load(sidecar: Path) -> LandedFile:
    try:
        meta = json.loads(sidecar.read_bytes())
        return LandedFile(
            source=meta["source"],
            dataset=meta["dataset"],
            key=meta["key"],
            session_date=_date(meta["session_date"]),
            vintage_date=_date(meta["vintage_date"]),
            sha256=meta["sha256"],
            path=sidecar.with_name(sidecar.name.removesuffix(SIDECAR)),
            size_bytes=meta["size_bytes"],
            url=meta["url"],
            status=meta["status"],
            landed_at=datetime.fromisoformat(meta["landed_at"]),
            licence=meta["licence"],
            etag=meta["etag"],
            last_modified=meta["last_modified"],
            fault=meta["fault"],
        )
    except (ValueError, KeyError, TypeError) as error:
        step = "Restore the landing folder from its backup."
        raise SourceError("landing", sidecar.name, "-", "sidecar is damaged", step) from error


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(UTC)


def _json(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _refuse_broken(file: LandedFile) -> None:
    if file.fault:
        raise SourceError(file.source, file.name, "body", file.fault, "Run again later.")


def _missing(file: LandedFile) -> SourceError:
    step = "Restore the landing folder from its backup."
    return SourceError(file.source, file.name, "-", "landed file is missing", step)


def _damaged(source: str, path: Path) -> SourceError:
    step = "Restore the landing folder from its backup."
    return SourceError(source, path.name, "sha256", "the bytes do not match their hash", step)
