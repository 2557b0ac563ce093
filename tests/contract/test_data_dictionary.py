"""docs/data_dictionary.md says what the contracts say, today."""

from flows.edge.dictionary import DICTIONARY, render, write
from flows.edge.macros import read_macros
from transforms.contracts import TABLES


def test_the_dictionary_is_fresh() -> None:
    assert DICTIONARY.read_text(encoding="utf-8") == render(), "stale: run `make docs`"


def test_every_table_and_column_is_in_it() -> None:
    text = DICTIONARY.read_text(encoding="utf-8")
    sections = {part.splitlines()[0]: part for part in text.split("\n## ")[1:]}

    for table in TABLES:
        section = sections[table.full_name]
        listed = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
        assert listed == table.column_names


def test_every_macro_is_in_it_with_its_parameters() -> None:
    text = DICTIONARY.read_text(encoding="utf-8")

    for macro in read_macros():
        assert f"## {macro.full_name}\n" in text
        assert f"from {macro.call}\n" in text


def test_writing_twice_changes_nothing(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "docs" / "dictionary.md"

    first = write(path).read_text(encoding="utf-8")

    assert write(path).read_text(encoding="utf-8") == first == render()
