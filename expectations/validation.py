"""Great Expectations over pandas frames: suites in, findings out. No network, no telemetry, no files."""

from collections.abc import Iterable, Sequence
from typing import Any

import great_expectations as gx
import pandas as pd
import polars as pl
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations import Expectation

from expectations.findings import SAMPLE_ROWS, Finding
from expectations.gate_rules import GATE_RULES

_IN_DETAIL: dict[str, Any] = {"result_format": "SUMMARY", "partial_unexpected_count": SAMPLE_ROWS}


class Validator:
    """Validates frames and remembers the results, from which Data Docs are rendered."""

    def __init__(self, run_id: str) -> None:
        config = DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        )
        self.context: EphemeralDataContext = gx.get_context(mode="ephemeral", project_config=config)
        self._run_id = run_id
        self._definitions: dict[str, gx.ValidationDefinition] = {}
        self._batches: BatchDefinition[Any] = (
            self.context.data_sources.add_pandas("build")
            .add_dataframe_asset("rows")
            .add_batch_definition_whole_dataframe("replaced")
        )

    def validate(
        self,
        name: str,
        subject: str,
        expectations: Sequence[Expectation],
        frame: pl.DataFrame,
        key: Sequence[str] = (),
    ) -> list[Finding]:
        """One finding per expectation, with failing rows shown by `key` and the columns concerned.

        `name` is the suite's name in the docs, `subject` what ops.checks names.

        Raises:
            ValueError: there is no expectation; Great Expectations would call that a success.
        """
        if not expectations:
            raise ValueError(f"the suite {name} is empty")
        definition, rows = self._definition(name, expectations), to_pandas(frame)
        # Values of failures cost three times as much to find; without any row they cost nothing.
        result = self._run(definition, rows, "BOOLEAN_ONLY" if frame.height else _IN_DETAIL)
        if not result.success:
            self._forget_last()
            result = self._run(definition, rows, _IN_DETAIL)
        if len(result.results) != len(expectations):
            raise ValueError(f"{name}: {len(result.results)} of {len(expectations)} expectations were judged")
        return [_finding(one, subject, frame, key) for one in result.results]

    def _run(
        self, definition: gx.ValidationDefinition, rows: pd.DataFrame, result_format: Any
    ) -> ExpectationSuiteValidationResult:
        return definition.run(
            batch_parameters={"dataframe": rows},
            result_format=result_format,
            run_id=gx.RunIdentifier(run_name=self._run_id),
        )

    @property
    def runs(self) -> int:
        """Validations remembered."""
        return len(self.context.validation_results_store.list_keys())

    def _forget_last(self) -> None:
        store: Any = self.context.validation_results_store
        store.remove_key(store.list_keys()[-1])

    def _definition(self, name: str, expectations: Iterable[Expectation]) -> gx.ValidationDefinition:
        if name not in self._definitions:
            suite = self.context.suites.add(gx.ExpectationSuite(name=name, expectations=list(expectations)))
            self._definitions[name] = self.context.validation_definitions.add(
                gx.ValidationDefinition(name=name, data=self._batches, suite=suite)
            )
        return self._definitions[name]


def to_pandas(frame: pl.DataFrame) -> pd.DataFrame:
    """The frame for Great Expectations: wide integers as floats, NaN as infinity so that it is not taken for null."""
    wide = [name for name, kind in frame.schema.items() if kind.is_decimal() or kind == pl.Int128]
    floats = [name for name, kind in frame.schema.items() if kind.is_float()]
    return frame.with_columns(pl.col(wide).cast(pl.Float64), pl.col(floats).fill_nan(float("inf"))).to_pandas()


def _finding(result: ExpectationValidationResult, subject: str, frame: pl.DataFrame, key: Sequence[str]) -> Finding:
    config = result.expectation_config
    if config is None:
        raise ValueError(f"{subject}: a result without its expectation")
    meta = config.meta or {}
    rule, expected = GATE_RULES[meta["code"]], str(meta["expected"])
    if message := _exception(result):
        return Finding(rule, subject, "errored", expected, f"could not run: {message}")
    if result.success:
        return Finding(rule, subject, "passed", expected)
    columns = tuple(name for name in meta["columns"] if name in frame.columns)
    return Finding(
        rule,
        subject,
        "failed",
        expected,
        _observed(result, columns),
        int(result.result.get("unexpected_count") or 1),
        _samples(result, frame.select([name for name in frame.columns if name in (*key, *columns)])),
        columns,
    )


def _exception(result: ExpectationValidationResult) -> str:
    """The message of the exception that kept the expectation from running; empty where there was none."""
    info = result.exception_info or {}
    parts = [info] if "raised_exception" in info else list(info.values())
    raised = [part for part in parts if isinstance(part, dict) and part.get("raised_exception")]
    return str(raised[0].get("exception_message")) if raised else ""


def _observed(result: ExpectationValidationResult, columns: tuple[str, ...]) -> str:
    seen = result.result
    if "observed_value" in seen:
        return f"found {seen['observed_value']}"
    values = ", ".join(str(value) for value in seen.get("partial_unexpected_list", [])[:3])
    return f"{', '.join(columns)}: {seen.get('unexpected_count')} rows, such as {values}"


def _samples(result: ExpectationValidationResult, frame: pl.DataFrame) -> tuple[dict[str, Any], ...]:
    places = result.result.get("partial_unexpected_index_list") or []
    return tuple(frame.row(int(place), named=True) for place in places[:SAMPLE_ROWS])
