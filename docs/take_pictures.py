"""Takes the pictures of the documents from a graded sample class: `make demo`, then `make pictures`.

Needs playwright and a Chromium, whose path is the second argument where it is not `chromium` on the PATH.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent / "images"
# By the picture: the page in the report folder, and how much of it is shown.
PICTURES = {
    "student.png": ("students/Emil-Fischer.html", 1100, 1500),
    "class.png": ("index.html", 1100, 1100),
}


def main(report: Path, chromium: str | None) -> None:
    """Take every picture from the pages in `report`."""
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, (page, width, height) in PICTURES.items():
            shown = browser.new_context(viewport={"width": width, "height": height}, color_scheme="light").new_page()
            shown.goto((report / page).resolve().as_uri())
            shown.screenshot(path=IMAGES / name)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else shutil.which("chromium"))
