"""Grade pages of the built book by Lighthouse, as a phone sees them: _build/lighthouse/.

For who has Node: `npx` fetches Lighthouse, and a Chromium or Chrome of this machine loads the
pages. No part of the tests. Accessibility, best practices and SEO are facts about the pages;
performance is also one about this machine: its load is printed beside it, and it fails nothing.
"""

import argparse
import contextlib
import functools
import gzip
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from print_book import BROWSERS
from toc import ROOT

PAGES = ("book/intro.html", "book/02_minimax.html", "book/laboratories.html")
AIMS = {"performance": 85, "accessibility": 100, "best-practices": 95, "seo": 100}
MEASURED = "performance"
TEXTS = {".html", ".css", ".js", ".json", ".svg"}  # what a server compresses
LIGHTHOUSE = "lighthouse@12"
PATIENCE_MS = 120_000  # for a page on a busy machine; a laboratory never lets it be idle


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that compresses text, as those do on which books stand."""

    def log_message(self, *args) -> None:
        pass

    def send_head(self):
        path = Path(self.translate_path(self.path))
        if path.suffix not in TEXTS or "gzip" not in self.headers.get("Accept-Encoding", ""):
            return super().send_head()
        if not path.is_file():
            return super().send_head()
        packed = gzip.compress(path.read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        return io.BytesIO(packed)


@contextlib.contextmanager
def served(html: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine; give its address."""
    handler = functools.partial(Quiet, directory=html)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def needed() -> tuple[str, str]:
    """Return npx and a browser; FileNotFoundError names what is missing."""
    npx = shutil.which("npx")
    if npx is None:
        raise FileNotFoundError("Lighthouse needs Node: install it, so that there is an npx.")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise FileNotFoundError(f"Lighthouse needs a browser, one of {', '.join(BROWSERS)}.")
    return npx, browser


def grade(address: str, out: Path) -> dict:
    """Run Lighthouse on one address, as a phone; write both forms of its report, return it."""
    npx, browser = needed()
    flags = "--headless=new" + (" --no-sandbox" if os.geteuid() == 0 else "")
    command = [npx, "--yes", LIGHTHOUSE, address, f"--chrome-flags={flags}", "--quiet"]
    command += [f"--max-wait-for-load={PATIENCE_MS}", f"--max-wait-for-fcp={PATIENCE_MS}"]
    command += ["--output=json", "--output=html", f"--output-path={out}"]
    environment = {**os.environ, "CHROME_PATH": browser}
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    report = out.with_name(f"{out.name}.report.json")
    if run.returncode or not report.is_file():
        raise RuntimeError(f"Lighthouse did not grade {address}:\n{run.stderr.strip()[-2000:]}")
    return json.loads(report.read_text(encoding="utf-8"))


def scores(report: dict) -> dict[str, int | None]:
    """Return the points of each category, of 100; None where it could not be graded."""
    found = {name: report["categories"][name]["score"] for name in AIMS}
    return {name: None if score is None else round(100 * score) for name, score in found.items()}


def below(points: dict[str, int | None]) -> list[str]:
    """Return the categories that miss their aim, those apart that a clock measures."""
    facts = [name for name in AIMS if name != MEASURED]
    return [name for name in facts if (points[name] or 0) < AIMS[name]]


def findings(report: dict, category: str) -> list[str]:
    """Return what a category lost points for, each with the places on the page."""
    lines = []
    for entry in report["categories"][category]["auditRefs"]:
        audit = report["audits"][entry["id"]]
        if entry["weight"] and audit["score"] is not None and audit["score"] < 1:
            items = (audit.get("details") or {}).get("items", [])
            places = [item.get("node", {}).get("selector") or item.get("url") for item in items]
            where = "; ".join(place for place in places[:5] if place)
            lines.append(f"  {category}: {audit['title']}" + (f" ({where})" if where else ""))
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", default=PAGES, help="of the built book (%(default)s)")
    options = parser.parse_args()
    html, folder = ROOT / "_build" / "html", ROOT / "_build" / "lighthouse"
    if missing := [page for page in options.pages if not (html / page).is_file()]:
        print(f"{missing[0]} is not built: say `make book` first.", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    missed = False
    print(f"{'page':28s}" + "".join(f"{name:>16s}" for name in AIMS) + f"{'load':>7s}")
    try:
        with served(html) as home:
            for page in options.pages:
                load = os.getloadavg()[0] / (os.cpu_count() or 1)
                report = grade(f"{home}/{page}", folder / Path(page).stem)
                points = scores(report)
                print(f"{page:28s}" + "".join(f"{points[n]!s:>16s}" for n in AIMS) + f"{load:7.1f}")
                for category in AIMS:
                    if (points[category] or 0) < AIMS[category] and category != MEASURED:
                        print("\n".join(findings(report, category)))
                missed |= bool(below(points))
    except (FileNotFoundError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Load is per processor, when a page's turn began. Reports: {folder}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
