"""Make the faces of printed briefs from Streamlit's Source Sans: `python -m ui.assets.build_fonts` (needs fonttools and brotli).

A PDF needs TrueType outlines of one weight each; Streamlit brings one variable WOFF2. Its licence (SIL Open Font License 1.1) lets
anyone change and pass it on, under another name than the reserved “Source”: so the faces here are called Centerline Sans.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WEIGHTS = {"Regular": 400, "SemiBold": 600}
#: Latin letters, punctuation, and the signs that titles and labels use.
CHARACTERS = [*range(0x20, 0x7F), *range(0xA0, 0x180), *(ord(c) for c in "–—‘’“”…•−×±≤≥≈→←↑↓▲▼◆■●◇△▽€›‹†‰")]
LICENSE = (
    "This Font Software is licensed under the SIL Open Font License, Version 1.1. https://openfontlicense.org. "
    "A modified version of Source Sans, Copyright 2010-2023 Adobe, with Reserved Font Name 'Source'."
)


def main() -> None:
    """Write a face for each weight."""
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    found = find_spec("streamlit")
    source = next(Path(str(found and found.origin)).parent.glob("static/static/media/SourceSansVF-Upright*.woff2"))
    for name, weight in WEIGHTS.items():
        font: Any = instancer.instantiateVariableFont(TTFont(source), {"wght": weight})
        options = subset.Options(layout_features=["kern"], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], notdef_outline=True, hinting=False)
        cut = subset.Subsetter(options)
        cut.populate(unicodes=CHARACTERS)
        cut.subset(font)
        font.flavor = None
        for record, text in {
            1: "Centerline Sans",
            2: name,
            3: f"Centerline Sans {name}",
            4: f"Centerline Sans {name}",
            6: f"CenterlineSans-{name}",
            13: LICENSE,
        }.items():
            font["name"].setName(text, record, 3, 1, 0x409)
            font["name"].setName(text, record, 1, 0, 0)
        font.save(HERE / f"CenterlineSans-{name}.ttf")


if __name__ == "__main__":
    main()
