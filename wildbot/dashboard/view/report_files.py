"""The files of the reports folder, and how one is shown.

Rules: a report is shown in a frame of its own that may run nothing and reach nothing, whatever is in it.
"""

from dataclasses import dataclass
from pathlib import Path

from wildbot.dashboard.report_making import MakingState
from wildbot.dashboard.view.wording import div, escaped, span

KINDS = {
    ".html": "text/html",
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".txt": "text/plain",
}
FILES_MAX = 200
DEPTH = ("*", "*/*")
"""Reports lie in the folder, or one below."""


@dataclass(frozen=True, slots=True)
class ReportFile:
    """One file; `name` is its path below the folder."""

    name: str
    mime: str
    changed_s: float

    @property
    def is_page(self) -> bool:
        """Whether it can be shown here."""
        return self.mime == "text/html"


def report_files(folder: Path) -> list[ReportFile]:
    """Return the reports, the newest first, at most FILES_MAX; links are left out."""
    found: list[ReportFile] = []
    try:
        paths = [path for pattern in DEPTH for path in folder.glob(pattern)]
        for path in paths:
            if path.suffix in KINDS and path.is_file() and not path.is_symlink():
                found.append(ReportFile(str(path.relative_to(folder)), KINDS[path.suffix], path.stat().st_mtime))
    except OSError:
        return []
    return sorted(found, key=lambda file: (-file.changed_s, file.name))[:FILES_MAX]


def framed(page: str, note: str, height: int) -> str:
    """Return a page inside a frame without any right, or a note in its place."""
    if note:
        return div("wb-panel page", span("dim", note))
    style = f"width:100%;height:{height - 12}px;border:1px solid #222a36;border-radius:6px;background:#0f1216"
    return (
        '<body style="margin:0;background:#0b0e13">'
        f'<iframe sandbox="" title="report" style="{style}" srcdoc="{escaped(page)}"></iframe></body>'
    )


def making_html(state: MakingState | None) -> str:
    """Return how far a report is, in one line that keeps its place."""
    if state is None:
        return div("wb-command", span("dim", "reports are made from the journal, whether WildBot runs or not"))
    if not state.is_over:
        return div("wb-command", span("blue", f"… {state.name}: at it for {state.seconds:.0f} s"))
    if state.failure:
        return div("wb-command", span("bad", f"✗ {state.failure}", title=state.failure))
    return div("wb-command", span("good", f"✓ {state.name}: made in {state.seconds:.1f} s"))
