"""Pictures of pages, taken with a headless Chromium."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome")
NEEDED = "this needs a headless browser (apt-get install chromium fonts-noto-color-emoji fonts-noto-cjk)"


def find_browser() -> str | None:
    """Return the path of a browser; None when the machine has none."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def take(browser: str, html: str, picture: Path, width: int) -> int:
    """Render a page of `width` pixels, write the picture, cropped to the page's height, and return that height."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="picture-") as folder:
        page = Path(folder) / "page.html"
        page.write_text(html, encoding="utf-8")
        height = _height(browser, page, width)
        _browse(browser, folder, f"--window-size={width},{height}", f"--screenshot={picture}", str(page))
    return height


def _height(browser: str, page: Path, width: int) -> int:
    """Return the page's height, which a script in it measures."""
    probe = page.with_name("probe.html")
    ask = "<script>document.title = Math.ceil(document.body.getBoundingClientRect().height)</script>"
    probe.write_text(page.read_text(encoding="utf-8") + ask, encoding="utf-8")
    shown = _browse(browser, str(page.parent), f"--window-size={width},600", "--dump-dom", str(probe))
    found = re.search(r"<title>(\d+)</title>", shown)
    return int(found.group(1)) if found else 600


def _browse(browser: str, folder: str, *words: str) -> str:
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]
    done = subprocess.run([browser, *options, *words], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout
