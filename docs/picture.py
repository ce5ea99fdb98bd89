#!/usr/bin/env python3
"""Draws what a command printed as an SVG of a terminal, for the README.

In: the command as argument, its output on standard input. Out: the SVG on standard output.

    ./target/release/segue run | python3 docs/picture.py 'segue run' > docs/run.svg
"""
import sys
from html import escape

COLUMN, LINE, MARGIN, TOP = 8.41, 18, 16, 44
BACKGROUND, TEXT, FAINT, PROMPT = "#1d1f27", "#d7dae0", "#6c7280", "#8fc7a1"


def style(line: str) -> str:
    if line and set(line.strip()) <= set("─"):
        return FAINT
    if line.startswith("$ "):
        return PROMPT
    return TEXT


def main() -> None:
    lines = [f"$ {sys.argv[1]}"] + [line.rstrip() for line in sys.stdin.read().splitlines()]
    width = MARGIN * 2 + COLUMN * max(80, max(len(line) for line in lines))
    height = TOP + LINE * len(lines) + MARGIN
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}" role="img" aria-label="A run of Segue in a terminal">'
    )
    print(f'<rect width="100%" height="100%" rx="10" fill="{BACKGROUND}"/>')
    for place, colour in enumerate(("#e0675f", "#dfb55b", "#7bb36b")):
        print(f'<circle cx="{22 + 20 * place}" cy="20" r="6" fill="{colour}"/>')
    print('<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">')
    for number, line in enumerate(lines):
        if line:
            print(
                f'<text x="{MARGIN}" y="{TOP + LINE * number}" xml:space="preserve" '
                f'textLength="{COLUMN * len(line):.1f}" fill="{style(line)}">{escape(line)}</text>'
            )
    print("</g></svg>")


main()
