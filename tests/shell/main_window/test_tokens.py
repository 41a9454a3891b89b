"""Colours keep the contrasts of WCAG 2.2 AA in every scheme."""

import re
from pathlib import Path

import pytest

from shell.main_window.tokens import Scheme, Tokens, tokens_of

SCHEMES = [(scheme, training) for scheme in Scheme for training in (False, True)]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio, WCAG 2.2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("scheme", "is_training"), SCHEMES)
def test_text_has_a_contrast_of_four_and_a_half_to_one(scheme: Scheme, is_training: bool) -> None:
    tokens = tokens_of(scheme, is_training=is_training)
    pairs = {
        "text": ("canvas", "surface", "sunken", "raised", "accent_tint", "warn_tint", "bad_tint"),
        "quiet": ("canvas", "surface", "sunken", "raised"),
        "on_brand": ("brand", "brand_field"),
        "on_brand_quiet": ("brand", "brand_field"),
        "on_accent": ("accent",),
        "accent": ("surface", "accent_tint"),
        "ok": ("surface",),
        "warn": ("surface", "sunken", "warn_tint"),
        "bad": ("surface", "bad_tint"),
        "ink": ("warn_solid", "focus"),
    }
    low = {
        (text, ground): round(contrast(getattr(tokens, text), getattr(tokens, ground)), 2)
        for text, grounds in pairs.items()
        for ground in grounds
        if contrast(getattr(tokens, text), getattr(tokens, ground)) < 4.5
    }
    assert low == {}


@pytest.mark.parametrize(("scheme", "is_training"), SCHEMES)
def test_edges_of_controls_have_a_contrast_of_three_to_one(scheme: Scheme, is_training: bool) -> None:
    tokens = tokens_of(scheme, is_training=is_training)
    assert contrast(tokens.line_control, tokens.surface) >= 3
    assert contrast(tokens.accent, tokens.surface) >= 3


@pytest.mark.hazard("H21")
@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_training_is_never_as_blue_as_live_work(scheme: Scheme) -> None:
    live, training = (tokens_of(scheme, is_training=one) for one in (False, True))
    assert live.brand != training.brand
    assert live.accent != training.accent
    assert live.accent_tint != training.accent_tint


@pytest.mark.parametrize("scheme", [Scheme.DARK, Scheme.CONTRAST])
def test_pages_have_the_colours_of_the_window_around_them(scheme: Scheme) -> None:
    sheet = (Path(__file__).parents[3] / "web_modules" / "static" / "banyan.css").read_text(encoding="utf-8")
    root = re.search(r"\n:root \{(.*?)\n\}", sheet, re.DOTALL)
    block = re.search(rf'\n@media screen \{{ \[data-theme="{scheme.value}"\] \{{(.*?)\n\}}', sheet, re.DOTALL)
    assert root is not None
    assert block is not None
    said = dict(re.findall(r"--([\w-]+): (#\w+);", root[1])) | dict(
        re.findall(r"--([\w-]+): (#\w+);", block[1])
    )
    tokens = tokens_of(scheme, is_training=False)
    shared = {name: name.replace("_", "-") for name in Tokens.__slots__ if name.replace("_", "-") in said}
    assert len(shared) > 20
    assert {name: said[css] for name, css in shared.items()} == {
        name: getattr(tokens, name) for name in shared
    }
