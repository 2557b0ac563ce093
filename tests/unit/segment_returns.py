"""Hand-made returns of segments, one row per day and segment."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

START = date(2020, 1, 1)
SCHEMA = {"session_date": pl.Date, "scheme_id": pl.String, "segment": pl.String, "return_price_vw": pl.Float64}


def day(number: int) -> date:
    return START + timedelta(days=number)


def returns_of(scheme_id: str = "fixed_usd", **segments: Sequence[float | None]) -> pl.DataFrame:
    rows = [
        (day(number), scheme_id, segment, value)
        for segment, values in segments.items()
        for number, value in enumerate(values)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def random_returns(
    sessions: int, seed: int, missing: float = 0.02, schemes: Sequence[str] = ("a", "b")
) -> pl.DataFrame:
    """Segments that follow their total with a lag; some returns are unknown, and the first ones."""
    chance = np.random.default_rng(seed)
    frames = []
    for scheme in schemes:
        total = chance.normal(0, 0.02, sessions + 1)
        paths = {
            "total": total[1:],
            "large": 0.9 * total[1:] + chance.normal(0, 0.01, sessions),
            "small": 0.8 * total[1:] + 0.4 * total[:-1] + chance.normal(0, 0.01, sessions),
        }
        values = {
            name: [
                None if number == 0 or is_missing else round(float(value), 12)
                for number, (value, is_missing) in enumerate(zip(path, chance.random(sessions) < missing, strict=True))
            ]
            for name, path in paths.items()
        }
        frames.append(returns_of(scheme, **values))
    return pl.concat(frames)
