"""The operator's own facts beside the quotes: counts, caps, splits, ratios, corrections, free floats, analysts."""

from datetime import date

import polars as pl

from flows.edge.landing import LandedFile
from flows.errors import UsageError
from flows.review_rows import UNMATCHED
from flows.roles import Role
from flows.run import Run
from flows.sources import files
from flows.steps.reading import read
from flows.steps.rejects import Told
from flows.walk import NO_OWN_RATIOS
from transforms.core.caps import NO_FILE_CAPS, NO_FILE_COUNTS
from transforms.core.corrections import corrected, unmatched
from transforms.core.declared_splits import DECLARED
from transforms.staging import BadInput


class FileFacts:
    """The newest file of each dataset, read once; and what of it is known on a session."""

    def __init__(self, run: Run) -> None:
        self._files: dict[str, tuple[LandedFile, pl.DataFrame]] = {}
        self.counts = self._rows(run, "share_counts", "share_counts")
        self.caps = self._rows(run, "caps", "caps")
        self.splits = self._rows(run, "splits", "splits")
        self.depositary_ratios = self._rows(run, "reference", "depositary_ratios")
        self.corrections = self._rows(run, "share_counts", "corrections")
        has_files = files.NAME in run.settings.enabled_sources
        self.floats = self._read(run, "free_float") if has_files else None
        self.analysts = self._read(run, "analyst_counts") if has_files else None

    def _rows(self, run: Run, role: Role, dataset: str) -> pl.DataFrame | None:
        return self._read(run, dataset) if files.NAME in run.settings.sources_of(role) else None

    def _read(self, run: Run, dataset: str) -> pl.DataFrame | None:
        found = run.landing.newest(files.NAME, dataset)
        if not found:
            return None
        rows, rejects = read(run, found[-1])
        self._files[dataset] = (found[-1], rejects)
        return rows

    def rejects(self, told: Told, session: date) -> list[pl.DataFrame]:
        """Rows of the files that could not be read, under the session; none of a file whose rejects are told."""
        return [told.once(rejects, file, session) for file, rejects in self._files.values()]

    def known_on(self, session: date) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Caps of the session, and the newest count of each symbol that was known by its end."""
        caps = NO_FILE_CAPS if self.caps is None else self.caps.filter(pl.col("as_of") == session)
        if self.counts is None:
            return caps, NO_FILE_COUNTS
        public = pl.col("known_at").fill_null(pl.col("as_of"))
        known = self.counts.filter((public <= session) & (pl.col("as_of") <= session))
        newest = known.sort("symbol", "as_of", "known_at").unique("symbol", keep="last", maintain_order=True)
        return caps, newest.select("symbol", "shares", "as_of")

    def declared_splits(self) -> pl.DataFrame:
        """DECLARED; a split whose day of publication nobody noted is known on its ex-date."""
        if self.splits is None:
            return pl.DataFrame(schema=DECLARED)
        told = self.splits.with_columns(
            declared_on="ex_date",
            ratio=pl.col("ratio_new") / pl.col("ratio_old"),
            known_on=pl.col("known_at").fill_null(pl.col("ex_date")),
            source=pl.lit(files.NAME),
        )
        return told.select(pl.col(name).cast(dtype) for name, dtype in DECLARED.items())

    def ratios_on(self, session: date) -> pl.DataFrame:
        """OWN_RATIOS that are valid on the session."""
        if self.depositary_ratios is None:
            return NO_OWN_RATIOS
        is_valid = (pl.col("valid_from") <= session) & ~(pl.col("valid_to") < session).fill_null(value=False)
        valid = self.depositary_ratios.filter(is_valid).sort("symbol", "valid_from")
        return valid.unique("symbol", keep="last", maintain_order=True).select(NO_OWN_RATIOS.columns)

    def corrected(self, book: pl.DataFrame, tickers: pl.DataFrame) -> pl.DataFrame:
        """The book of filed counts with the operator's corrections.

        Raises:
            UsageError: a correction does not say of what it is, or its source has been mended.
        """
        if self.corrections is None:
            return book
        name = self._files["corrections"][0].name
        try:
            return corrected(book, self.corrections, tickers, name)
        except BadInput as error:
            raise UsageError(str(error), next_step="Mend or remove that row of your corrections.") from error

    def unmatched(self, book: pl.DataFrame, tickers: pl.DataFrame) -> list[dict[str, object]]:
        """The operator's corrections of facts that are not in the book (`flows.review_rows.UNMATCHED`)."""
        if self.corrections is None:
            return []
        file = pl.lit(self._files["corrections"][0].name).alias("file")
        told = unmatched(book, self.corrections, tickers).with_columns(file, pl.col("as_of").cast(pl.String))
        return told.select(pl.col(name).cast(dtype) for name, dtype in UNMATCHED.items()).to_dicts()
