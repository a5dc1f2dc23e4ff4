"""Pictures of the pages of a cockpit that runs: `python -m tests.dashboard.screenshot URL FOLDER [PAGE ...]`.

A page may be followed by `:phone`. Without pages all of them are taken, at a desk's width.
"""

import sys
from pathlib import Path

from tests.dashboard.browser import DESK, PHONE, a_tab
from wildbot.dashboard.app import PAGES

SETTLE_S = 8.0


def main(words: list[str]) -> None:
    """Open each page, let it settle for a few refreshes, write its picture."""
    url, folder, *pages = words
    for name in pages or list(PAGES):
        page, _, size = name.partition(":")
        with a_tab(PHONE if size == "phone" else DESK) as tab:
            tab.open(f"{url}/{'' if page == 'cockpit' else page}")
            tab.settle(SETTLE_S)
            tab.picture(Path(folder) / f"{name.replace(':', '-')}.png")
            for complaint in tab.complaints:
                sys.stdout.write(f"{name}: {complaint}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
