"""How well text stands out on a page in a browser, by WCAG 2.2."""

from __future__ import annotations

from typing import Any

_FAINT = """
() => {
  const ink = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    ink.clearRect(0, 0, 1, 1);
    ink.fillStyle = colour;
    ink.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = ink.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((n) => top[n] * top[3] + below[n] * (1 - top[3])).concat(1);
  const ground = (one) => {
    if (!one) return rgba(matchMedia("(prefers-color-scheme: dark)").matches ? "#18202e" : "#fff");
    const own = rgba(getComputedStyle(one).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(one.parentElement));
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const faint = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walk.nextNode()) {
    const one = walk.currentNode.parentElement, style = getComputedStyle(one);
    if (!walk.currentNode.data.trim() || !one.checkVisibility() || one.closest("style, title")) continue;
    const below = ground(one);
    const text = light(over(rgba(one.closest("svg") ? style.fill : style.color), below)), back = light(below);
    const ratio = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    seen += 1;
    const said = walk.currentNode.data.trim().slice(0, 40);
    if (ratio < (large ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)} ${one.tagName}.${one.className}: ${said}`);
  }
  return { seen, faint };
}
"""


def faint_texts(page: Any) -> list[str]:
    """The visible texts of a Playwright page or frame whose contrast with what lies behind is under 4.5 (3 for large ones).

    AssertionError for a page without any text.
    """
    found = page.evaluate(_FAINT)
    assert found["seen"]
    return list(found["faint"])
