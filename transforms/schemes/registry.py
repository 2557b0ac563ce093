"""core.bucket_schemes: what the files of the enabled schemes say, for those who query the warehouse."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from itertools import zip_longest
from math import isinf
from typing import Any

import polars as pl

from transforms.contracts.schemes import BUCKET_SCHEMES
from transforms.schemes.by_cap import is_by_cap
from transforms.schemes.model import Scheme


def scheme_rows(schemes: Iterable[Scheme]) -> pl.DataFrame:
    """core.bucket_schemes: one row per scheme and version; of endless ranges the rule has null as the end."""
    rows = [row for scheme in schemes for row in _versions(scheme)]
    schema = {column.name: column.polars_type for column in BUCKET_SCHEMES}
    return BUCKET_SCHEMES.conform(pl.DataFrame(rows, schema, orient="row"))


def _versions(scheme: Scheme) -> list[dict[str, object]]:
    return [
        {
            "scheme_id": scheme.id,
            "effective_from": version.effective_from,
            "effective_to": later.effective_from - timedelta(days=1) if later else None,
            "title": scheme.title,
            "provider": scheme.provider,
            "region": scheme.region,
            "currency": scheme.currency,
            "basis": scheme.basis,
            "level": scheme.level,
            "kind": version.rule.kind,
            "covers_everybody": is_by_cap(scheme) and scheme.currency == "USD",
            "review_months": ", ".join(str(month) for month in version.reviews.months),
            "rule": json.dumps(_with_ends(asdict(version.rule) | {"universe": asdict(scheme.universe),
                                                                  "reviews": asdict(version.reviews)})),
            "source": version.origin.source,
            "retrieved_on": version.origin.retrieved_on,
            "confidence": version.origin.confidence,
        }
        for version, later in zip_longest(scheme.versions, scheme.versions[1:])
    ]  # fmt: skip


def _with_ends(told: Any) -> Any:
    if isinstance(told, dict):
        return {key: _with_ends(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_with_ends(value) for value in told]
    return None if isinstance(told, float) and isinf(told) else told
