"""Execute the notebooks and build the book as HTML; any failing cell or warning is an error."""

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from calm_theme import calm
from check_pages import complaints
from execute import execute
from export_faults import export as export_faults
from export_generator import export
from export_repairs import export as export_repairs
from notebooks_zip import pack
from one_style import write as write_style
from toc import ROOT, notebooks
from wheel import build as build_wheel


def main() -> int:
    """Return the exit status: 0 only when the whole book was built without a warning."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time (%(default)s)")
    parser.add_argument(
        "--timeout", type=int, default=1800, help="seconds one cell may take (%(default)s)"
    )
    options = parser.parse_args()

    try:
        paths = notebooks()
        results = execute(ROOT, paths, options.jobs, options.timeout)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("Stopped. Notebooks that had finished are kept.", file=sys.stderr)
        return 130
    failed = [result for result in results if result.error]
    for result in failed:
        print(f"\n{'=' * 80}\n{plain(result.error)}", file=sys.stderr)
    if failed:
        print(f"\n{len(failed)} of {len(paths)} notebooks failed: no book.", file=sys.stderr)
        return 1

    print("Building the pages ...", flush=True)
    if not build_pages(ROOT, fresh=not all(result.cached for result in results)):
        print("\nThe book was not built: see the warnings above.", file=sys.stderr)
        return 1

    html = ROOT / "_build" / "html"
    calm(html)
    write_style(html)
    export(html)
    try:
        wheel = build_wheel(html / "_static")
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    export_repairs(ROOT, html)
    export_faults(ROOT, html)
    pack(html, wheel)
    found = complaints(html)
    if found:
        print("\n".join(found), file=sys.stderr)
        return 1

    for result in sorted(results, key=lambda result: -result.seconds):
        when = "earlier" if result.cached else "now"
        print(f"  {result.seconds:5.0f} s  {result.path.relative_to(ROOT)} (run {when})")
    print(f"\nThe book: {html / 'index.html'}")
    return 0


def plain(text: str) -> str:
    """Return a traceback without its colors, unless a terminal is there to show them."""
    return text if sys.stderr.isatty() else re.sub(r"\x1b\[[\d;]*m", "", text)


def build_pages(root: Path, fresh: bool) -> bool:
    """Run Sphinx on the executed notebooks; `fresh` reads every page anew."""
    pages = root / "_build" / ".doctrees"
    if fresh:  # Sphinx looks at a notebook's date only, and would keep its old outputs
        shutil.rmtree(pages, ignore_errors=True)
    command = "from jupyter_book.cli.main import main; main()"
    options = ["build", str(root), "-W", "-n", "--keep-going", "--quiet"]
    run = [sys.executable, "-c", command, *options]
    # The extensions use the modules beside this one.
    python_path = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(python_path)}
    result = subprocess.run(run, cwd=root, env=environment, stdout=subprocess.DEVNULL)
    built = result.returncode == 0
    if not built:  # a page read once would not repeat its warnings: read all of them next time
        shutil.rmtree(pages, ignore_errors=True)
    return built


if __name__ == "__main__":
    sys.exit(main())
