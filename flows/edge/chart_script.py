"""The script that draws the charts: Vega, Vega-Lite and vegaEmbed as one text, made without a network.

Making it takes about four seconds, so it is kept in the reports folder, under a name that tells the versions in it.
"""

from functools import cache
from importlib.metadata import version
from pathlib import Path

from flows.edge.durable import write_once
from flows.errors import SmallcapsError, is_fault

VEGA_LITE = "6.4"
"""Altair 6.3 writes Vega-Lite 6.1 to 6.4."""


def chart_script(folder: Path) -> str:
    """The script, from `folder` if it lies there; else made, and kept there.

    Raises:
        SmallcapsError: it could not be made.
    """
    kept = folder / f".vega-lite-{VEGA_LITE}-by-{version('vl-convert-python')}.js"
    if kept.exists():
        return kept.read_text(encoding="utf-8")
    script = _bundle()
    write_once(kept, script.encode())
    for old in folder.glob(".vega-lite-*.js"):
        if old != kept:
            old.unlink(missing_ok=True)
    return script


@cache
def _bundle() -> str:
    import vl_convert  # loads a JavaScript engine of 100 MB: only when the script is not there yet

    try:
        return str(vl_convert.javascript_bundle(vl_version=VEGA_LITE))  # type: ignore[call-arg]  # it may be left out
    except BaseException as error:
        if is_fault(error):
            raise SmallcapsError(f"The script of the charts cannot be made: {error}") from error
        raise
