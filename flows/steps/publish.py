"""publish: the gated build takes the published file's place, in one step."""

from pathlib import Path

from flows.edge import warehouse
from flows.run import Run


def publish(run: Run, build_path: Path) -> Path:
    """Swap the build in and keep the last builds for a rollback; returns the published path."""
    published = warehouse.publish(run.paths, build_path, run.settings.keep_builds)
    run.record.published_path = str(published)
    return published
