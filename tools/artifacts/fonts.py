"""Cut the book's fonts to the letters it uses: book/_assets/fonts, committed, under 300 KB.

The fonts are Debian's (`apt-get download fonts-inter fonts-firacode`, then `dpkg-deb -x FILE
FOLDER`), both under the SIL Open Font License 1.1, which stands beside them. It needs `brotli`,
which writes the format woff2, beside the book's packages. How it was run last:

    python tools/artifacts/fonts.py FOLDER
"""

import argparse
from pathlib import Path

from fontTools import subset

OUT = Path(__file__).resolve().parents[2] / "book" / "_assets" / "fonts"
FONTS = {
    "Inter-Regular": "inter-regular",
    "Inter-Italic": "inter-italic",
    "Inter-SemiBold": "inter-semibold",
    "FiraCode-Regular": "fira-code",
}
# Latin with its accents, Greek, dashes and quotation marks, arrows, and signs of mathematics.
LETTERS = (
    "U+0020-007E,U+00A0-017F,U+0391-03C9,U+2010-2027,U+202F-203A,U+20AC,U+2190-2193,U+2202,U+2206,"
    "U+220F,U+2211,U+2212,U+221A,U+221E,U+2248,U+2260,U+2264,U+2265,U+00D7,U+2713"
)
FEATURES = "kern,mark,mkmk,ccmp,locl,tnum"  # no ligatures: code is shown as it is typed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the packages were unpacked")
    folder = parser.parse_args().folder
    OUT.mkdir(exist_ok=True)
    for name, short in FONTS.items():
        found = [*folder.rglob(f"{name}.otf"), *folder.rglob(f"{name}.ttf")]
        if not found:
            raise FileNotFoundError(
                f"{folder} has no {name}.otf or .ttf: unpack the packages there."
            )
        target = OUT / f"{short}.woff2"
        options = [f"--unicodes={LETTERS}", f"--layout-features={FEATURES}", "--flavor=woff2"]
        subset.main(
            [str(found[0]), *options, "--no-hinting", "--desubroutinize", f"--output-file={target}"]
        )
        print(f"{target.name}: {target.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
