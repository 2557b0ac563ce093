"""What the vendor counts of a depositary line: its depositary shares, or for months the ordinary ones behind them.

In 2022-24 it changed so, at prices that did not move, for Shell, BHP, AstraZeneca, National Grid, Haleon, Ryanair and
some forty more, for 20 to 240 sessions each. A count of ordinary shares at the price of a depositary one is a cap wrong
by the ratio between them.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from transforms.core.rows import Floats, Mask, flags, floats
from transforms.core.splits import EXACT_COUNT_LOG, nearest_ratio

NEAR_COUNT_LOG, LARGE_CAP_USD = 0.025, 2_000_000_000
"""A depositary line's count that goes up to a multiple counts other shares, give or take issues between the two counts:
Cemex, 2024-05-01, by 1.972; Lloyds, 2023-08-03, by 3.94. Only at a cap that is not small: small companies issue as many
(Opthea, 2023-10-11, by 7.13)."""
LARGEST_NEAR_LOG = np.log(20.5)
"""From there on every number is near a whole one."""
STATED_PART = 20
"""With a stated ratio two counts may lie apart by a twentieth of its log: Shell's by 1.974 and 1/2.053 for two. ZEEKR's
first count, that of the shares offered, became that of all shares by 11.8 for ten (2024-07-08)."""
MAX_SESSIONS = 63
"""A count that jumped without a split is not taken for a quarter; by then a filing would show it, and it is judged like
any other step. One that lags a split seen in the price is not taken for as long as it lags."""
MAX_SESSIONS_DEPOSITARY = 252
"""A year: companies behind depositary shares file once a year, and the vendor's wrong counts lasted for up to 240
sessions (Immutep, 2023-11-06), but Lloyds' for 354. Only of one that went up: one that went down may be the error's end
(NetEase, 2022-05-03, by a fifth), or another error."""
MAX_SESSIONS_FOREIGN = 126
"""Half a year, of a foreign company's line that does not say that it is a depositary share: Barclays, 2023-08-02, for
137 sessions. Some are no depositary shares, and their counts do multiply: Garrett Motion's, 2023-07-27, by 4.1."""
FOREVER = 1_000_000
"""Sessions, where a stated ratio says that the count is of other shares."""


class Convention(NamedTuple):
    """What is known of the shares behind each line."""

    is_depositary: Mask
    is_named: Mask
    """It is called a depositary share."""
    is_unstated: Mask
    """A depositary line of which nobody states how many shares it stands for."""
    log_ratio: Floats
    """Log of ordinary shares per depositary share; NaN where nobody states it or they are the same."""
    was_large: Mask
    """By the vendor's cap before the session."""

    @classmethod
    def of(cls, lines: pl.DataFrame) -> "Convention":
        """From last_cap_usd, security_type, is_foreign, ``stated_ratio`` (by the operator or the quotes' name).

        A foreign company's line may be a depositary share without saying so: HSBC's and BP's are called common stock.
        """
        log_ratio = np.log(floats(lines["stated_ratio"]))
        kind = lines["security_type"]
        is_named = flags(kind == "depositary_share")
        is_depositary = is_named | (flags(kind == "common") & flags(lines["is_foreign"])) | ~np.isnan(log_ratio)
        return cls(
            is_depositary,
            is_named,
            is_depositary & np.isnan(log_ratio),
            np.where(log_ratio == 0.0, np.nan, log_ratio),
            np.nan_to_num(floats(lines["last_cap_usd"])) >= LARGE_CAP_USD,
        )

    @np.errstate(invalid="ignore")
    def is_ordinary(self, move: Floats) -> Mask:
        """Whether a count moves from depositary shares to ordinary ones."""
        return np.asarray(self.is_depositary & (np.abs(move - self.log_ratio) <= self._near))

    @np.errstate(invalid="ignore")
    def is_mended(self, move: Floats) -> Mask:
        """Whether a count of ordinary shares becomes one of depositary shares."""
        return np.asarray(self.is_depositary & (np.abs(move + self.log_ratio) <= self._near))

    def is_exact(self, move: Floats) -> Mask:
        """Whether a count moves by a ratio that issues of shares do not have."""
        nearest, off = nearest_ratio(move)
        is_near_one = self._is_multiple(nearest) & self.was_large & (nearest <= LARGEST_NEAR_LOG)
        return np.asarray(off <= np.where(is_near_one, NEAR_COUNT_LOG, EXACT_COUNT_LOG))

    def most_sessions(self, log_factor: Floats) -> Floats:
        """For how many sessions a count that jumped is not taken: for ever where it is stated to be of other shares."""
        with np.errstate(invalid="ignore"):
            is_stated = self.is_depositary & (np.abs(log_factor + self.log_ratio) <= EXACT_COUNT_LOG)
        is_multiple = self._is_multiple(-log_factor)
        limits = [FOREVER, MAX_SESSIONS_DEPOSITARY, MAX_SESSIONS_FOREIGN]
        return np.select([is_stated, is_multiple & self.is_named, is_multiple], limits, MAX_SESSIONS)

    @property
    def _near(self) -> Floats:
        return np.abs(self.log_ratio) / STATED_PART

    def _is_multiple(self, log_ratio: Floats) -> Mask:
        """Whether a depositary line's count goes up by a whole number, and may count other shares for all we know."""
        ratio = np.exp(log_ratio)
        return np.asarray(self.is_unstated & (ratio > 1.5) & (np.abs(ratio - np.rint(ratio)) <= 1e-6 * ratio))
