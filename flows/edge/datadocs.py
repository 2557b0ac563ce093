"""Data Docs of one gate: a static site that needs no network and no script, under quality/<run_id>/.

Great Expectations renders one page per suite; its pages load styles and scripts from the internet, and its index
is a script. So what points outside is taken out, and the index is ours: every check of ops.checks on one page.
"""

import html
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from expectations.gate import GateResult
from expectations.gate_rules import GATE_RULES
from flows.errors import SmallcapsError
from flows.paths import DataPaths

KEEP_RUNS = 30
LATEST = "latest"
_SITE = "gate"
_OUTSIDE = [
    re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE),
    re.compile(r"<link\b[^>]*>", re.IGNORECASE),
    re.compile(r"<img\b[^>]*\bsrc=\"https?:[^>]*>", re.IGNORECASE),
    re.compile(r"<source\b[^>]*>", re.IGNORECASE),
    re.compile(r"background:\s*url\('https?:[^;]*;"),
    re.compile(r"<footer\b.*?</footer>", re.DOTALL | re.IGNORECASE),
    re.compile(r"\bhref=\"(https?:|[./]*expectations/)[^\"]*\"", re.IGNORECASE),
]
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; } td, th { border: 1px solid #bbb; padding: .3rem .5rem; }
th, td { text-align: left; vertical-align: top; } pre { margin: 0; white-space: pre-wrap; }
.failed, .errored { background: #fbdcdc; } .not_applicable { background: #eee; } .passed { background: #e7f5e7; }
nav a { margin-right: .7rem; } .d-none, .btn, .navbar-toggler, .popover { display: none; }
"""
_ORDER = {"errored": 0, "failed": 1, "passed": 2, "not_applicable": 3}


def write_data_docs(paths: DataPaths, result: GateResult) -> Path:
    """The index page of the site of one gate; `quality/latest` leads to the newest site.

    Raises:
        SmallcapsError: Great Expectations left out a page; it only prints when it cannot render one.
    """
    site = paths.quality / result.run_id
    aside = paths.quality / f".{result.run_id}.new"
    shutil.rmtree(aside, ignore_errors=True)
    pages = _render(result, aside)
    (aside / "index.html").write_text(_index(result, pages), encoding="utf-8")
    shutil.rmtree(site, ignore_errors=True)
    aside.rename(site)
    _point_latest(paths.quality, site)
    _prune(paths.quality)
    return site / "index.html"


def _render(result: GateResult, folder: Path) -> dict[str, str]:
    """Suite name to the relative path of its newest page."""
    context = result.validator.context
    config: Any = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.absolute())},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "site_section_builders": {"expectations": "None", "profiling": "None"},
    }
    context.add_data_docs_site(_SITE, config)
    context.build_data_docs(site_names=[_SITE], build_index=False)
    context.delete_data_docs_site(_SITE)
    shutil.rmtree(folder / "static", ignore_errors=True)
    found = sorted((folder / "validations").rglob("*.html"))
    if len(found) != result.validator.runs:
        raise SmallcapsError(
            f"Data Docs of {result.run_id} show {len(found)} of {result.validator.runs} validations.",
            next_step="the figures are in ops.checks; look for a change of great-expectations",
        )
    for page in found:
        page.write_text(_without_network(page.read_text(encoding="utf-8")), encoding="utf-8")
    # validations/<suite, split at dots>/<run_id>/<time>/<batch>.html
    return {".".join(page.relative_to(folder).parts[1:-3]): page.relative_to(folder).as_posix() for page in found}


def _without_network(page: str) -> str:
    for pattern in _OUTSIDE:
        page = pattern.sub("", page)
    return page.replace("</head>", f"<style>{_STYLE}</style></head>", 1)


def _index(result: GateResult, pages: dict[str, str]) -> str:
    checks = result.checks.sort(pl.col("outcome").replace_strict(_ORDER, return_dtype=pl.Int8), "rule_code", "subject")
    rows = "\n".join(_row(check, pages) for check in checks.iter_rows(named=True))
    heads = "".join(
        f"<th>{name}</th>" for name in ("outcome", "rule", "severity", "subject", "asked", "seen", "rows", "why")
    )
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Gate {html.escape(result.run_id)}</title>"
        f"<style>{_STYLE}</style></head><body><h1>Gate of run {html.escape(result.run_id)}</h1>"
        f"<p>{html.escape(result.summary)}</p>{_samples(result.samples)}"
        f"<h2>Checks</h2><table><tr>{heads}</tr>\n{rows}\n</table></body></html>\n"
    )


def _row(check: dict[str, object], pages: dict[str, str]) -> str:
    code, subject = str(check["rule_code"]), str(check["subject"])
    page = pages.get(subject)
    name = f"<a href='{html.escape(page)}'>{html.escape(subject)}</a>" if page else html.escape(subject)
    texts = (check["expected"], check["observed"], check["failing_rows"], GATE_RULES[code].why)
    cells = "".join(f"<td>{html.escape(str(text or ''))}</td>" for text in texts)
    return (
        f"<tr class='{check['outcome']}'><td>{check['outcome']}</td><td>{html.escape(code)}</td>"
        f"<td>{check['severity']}</td><td>{name}</td>{cells}</tr>"
    )


def _samples(samples: pl.DataFrame) -> str:
    if samples.is_empty():
        return ""
    rows = "".join(
        f"<tr><td>{html.escape(code)}</td><td>{html.escape(subject)}</td><td><pre>{html.escape(row)}</pre></td></tr>"
        for code, subject, row in samples.iter_rows()
    )
    return f"<h2>Failing rows, at most ten a rule</h2><table>{rows}</table>"


def _point_latest(folder: Path, site: Path) -> None:
    aside = folder / f".{LATEST}.new"
    aside.unlink(missing_ok=True)
    latest = folder / LATEST
    if latest.is_dir() and not latest.is_symlink():  # a copy of the folder made the link a folder
        shutil.rmtree(latest)
    aside.symlink_to(site.name, target_is_directory=True)
    aside.replace(latest)


def _prune(folder: Path) -> None:
    sites = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    sites.sort(key=lambda path: (path.stat().st_mtime_ns, path.name))
    for site in sites[:-KEEP_RUNS]:
        shutil.rmtree(site)
