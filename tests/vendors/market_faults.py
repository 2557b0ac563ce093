"""What goes wrong at the vendor, as edits of one night of the tiny market."""

import json
from datetime import date

from tests.vendors.market import EXCHANGES, SESSIONS, Edit, Night, Row, packed

HTML_PAGE = b"<!DOCTYPE html><html><head><title>Access Denied</title></head><body>Reference #18.2d</body></html>"


def repeated(*exchanges: str) -> Edit:
    """The files of the session before, served again."""

    def edit(night: Night) -> None:
        before = night.market.night(SESSIONS[SESSIONS.index(night.session) - 1])
        for exchange in exchanges or EXCHANGES:
            night.rows[exchange] = before.rows[exchange]

    return edit


def from_session(other: date) -> Edit:
    """The files of any other session."""

    def edit(night: Night) -> None:
        night.rows = night.market.night(other).rows

    return edit


def cap_times(factor: float, *symbols: str) -> Edit:
    """Caps of these symbols, or of all lines, at a multiple of what they are; prices stay."""

    def edit(night: Night) -> None:
        for rows in night.rows.values():
            for row in rows:
                if row["marketCap"] and (not symbols or row["symbol"] in symbols):
                    row["marketCap"] = f"{round(float(str(row['marketCap'])) * factor)}.00"

    return edit


def without(exchange: str) -> Edit:
    """One exchange's file is not there."""

    def edit(night: Night) -> None:
        del night.rows[exchange]

    return edit


def cut_to(exchange: str, share: float) -> Edit:
    """Only the first part of an exchange's rows: a lost page."""

    def edit(night: Night) -> None:
        rows = night.rows[exchange]
        night.rows[exchange] = rows[: round(len(rows) * share)]

    return edit


def body(exchange: str, content: bytes) -> Edit:
    """These bytes in place of an exchange's file."""

    def edit(night: Night) -> None:
        night.bodies[exchange] = content

    return edit


def html_page(exchange: str) -> Edit:
    """A web page under the name of the data."""
    return body(exchange, packed(HTML_PAGE))


def empty_body(exchange: str) -> Edit:
    """A file that is packed and has nothing in it."""
    return body(exchange, packed(b""))


def concatenated(exchange: str) -> Edit:
    """Two JSON documents, one after the other."""

    def edit(night: Night) -> None:
        content = json.dumps(night.rows[exchange]).encode()
        night.bodies[exchange] = packed(content + content)

    return edit


def cut_json(exchange: str) -> Edit:
    """JSON that breaks off in the middle, in a whole gzip."""

    def edit(night: Night) -> None:
        content = json.dumps(night.rows[exchange]).encode()
        night.bodies[exchange] = packed(content[: len(content) // 2])

    return edit


def cut_gzip(exchange: str) -> Edit:
    """A gzip that breaks off."""

    def edit(night: Night) -> None:
        whole = night.body(exchange)
        night.bodies[exchange] = whole[: len(whole) // 2]

    return edit


def each_row(exchange: str, **fields: object) -> Edit:
    """Set, or with None take away, a field of every row."""

    def edit(night: Night) -> None:
        for row in night.rows[exchange]:
            for name, value in fields.items():
                if value is None:
                    del row[name]
                else:
                    row[name] = value

    return edit


def one_row(symbol: str, **fields: object) -> Edit:
    """Set fields of one row."""

    def edit(night: Night) -> None:
        night.row(symbol).update(fields)

    return edit


def twice(symbol: str, **differing: object) -> Edit:
    """A symbol's row once more, with these fields different."""

    def edit(night: Night) -> None:
        for rows in night.rows.values():
            again: list[Row] = [{**row, **differing} for row in rows if row["symbol"] == symbol]
            rows.extend(again)

    return edit
