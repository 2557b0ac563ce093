"""The one error of staging: a file that cannot be read as what it says it is."""


class BadInput(ValueError):
    """A whole file is refused: names the source, the file and the field, and says what is wrong with it."""

    def __init__(self, source: str, file: str, field: str, detail: str) -> None:
        super().__init__(f"source {source}, file {file or '-'}, field {field or '-'}: {detail}")
        self.source = source
        self.file = file
        self.field = field
        self.detail = detail

    def __reduce__(self) -> tuple[type["BadInput"], tuple[str, str, str, str]]:
        """Rebuild from its four parts: Prefect pickles the exceptions of failed tasks."""
        return type(self), (self.source, self.file, self.field, self.detail)
