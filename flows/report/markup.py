"""Small pieces of HTML. Every text passes through `escape` here: names come from vendors."""

from collections.abc import Iterable, Sequence
from html import escape


def paragraph(text: str, kind: str = "") -> str:
    """One paragraph of plain text."""
    return f"<p{_kind(kind)}>{escape(text)}</p>"


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], text_columns: Sequence[int] = ()) -> str:
    """A table of plain texts; the first column names the row, numbers stand right, ``text_columns`` left."""
    head = "".join(
        f'<th scope="col"{_kind("text" if n in text_columns or not n else "")}>{escape(name)}</th>'
        for n, name in enumerate(header)
    )
    body = "\n".join(f"<tr>{_cells(row, text_columns)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def _cells(row: Sequence[str], text_columns: Sequence[int]) -> str:
    first = f'<th scope="row" class="text">{escape(row[0])}</th>'
    others = (
        f"<td{_kind('text' if n in text_columns else '')}>{escape(cell)}</td>"
        for n, cell in enumerate(row[1:], start=1)
    )
    return first + "".join(others)


def _kind(kind: str) -> str:
    return f' class="{escape(kind)}"' if kind else ""
