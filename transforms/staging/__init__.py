"""One source to one typed table: rename, cast, trim, deduplicate; no joins between sources."""

from transforms.staging.errors import BadInput
from transforms.staging.model import REJECT_COLUMNS, Staged, no_rejects

__all__ = ["REJECT_COLUMNS", "BadInput", "Staged", "no_rejects"]
