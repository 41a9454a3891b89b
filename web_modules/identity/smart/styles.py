"""The look of the window for applications that take it over (SMART App Launch 2.2, "Styling")."""

from typing import Any

_SHARED: dict[str, Any] = {
    "dim_border_radius": "4px",
    "dim_font_size": "14px",
    "dim_spacing_size": "8px",
    "font_family_body": "'Open Sans', 'Noto Sans', sans-serif",
    "font_family_heading": "'Open Sans', 'Noto Sans', sans-serif",
}

STYLES: dict[str, dict[str, Any]] = {
    "light": {
        "color_background": "#FFFFFF",
        "color_error": "#B01F15",
        "color_highlight": "#005EB8",
        "color_modal_backdrop": "#212B32",
        "color_success": "#00662F",
        "color_text": "#212B32",
        **_SHARED,
    },
    "dark": {
        "color_background": "#1A2228",
        "color_error": "#FF9C93",
        "color_highlight": "#62AEEF",
        "color_modal_backdrop": "#000000",
        "color_success": "#7AD3A0",
        "color_text": "#E8EDEE",
        **_SHARED,
    },
    "contrast": {
        "color_background": "#000000",
        "color_error": "#FFB0A8",
        "color_highlight": "#8FD6FF",
        "color_modal_backdrop": "#000000",
        "color_success": "#8CF0B4",
        "color_text": "#FFFFFF",
        **_SHARED,
    },
}
"""By theme; a test compares the colours with the window's."""


def style_path(name: str) -> str:
    """Where a style is, below the authorisation server."""
    return f"/style/{name}.json"
