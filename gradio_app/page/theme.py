"""The look of the chat: warm paper and deep teal by day, ink by night; system fonts only.

The login pages use the same palette. Text on each of its backgrounds keeps WCAG AA contrast (4.5 to 1).
"""

from pathlib import Path

from gradio.themes import Base
from gradio.themes.utils import sizes

LIGHT = {
    "paper": "#f7f5f0",
    "surface": "#ffffff",
    "ink": "#1f2a2e",
    "muted": "#566267",
    "line": "#ddd8cc",
    "accent": "#0f6b66",
    "accent_hover": "#0b5450",
    "on_accent": "#ffffff",
    "accent_soft": "#e1eeec",
    "danger": "#a8261c",
    "danger_soft": "#fbe9e7",
}
DARK = {
    "paper": "#12181a",
    "surface": "#1a2225",
    "ink": "#e8e6df",
    "muted": "#9fabae",
    "line": "#2e393d",
    "accent": "#5cc2b8",
    "accent_hover": "#7dd3ca",
    "on_accent": "#06201e",
    "accent_soft": "#1d3533",
    "danger": "#ff9488",
    "danger_soft": "#3a1d1a",
}

FONT = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]

STYLE = Path(__file__).with_name("style.css")
"""What the theme's variables cannot say."""

ROLES = {
    "body_background_fill": "paper",
    "body_text_color": "ink",
    "body_text_color_subdued": "muted",
    "background_fill_primary": "surface",
    "background_fill_secondary": "paper",
    "block_background_fill": "surface",
    "block_border_color": "line",
    "block_label_background_fill": "surface",
    "block_label_text_color": "muted",
    "block_title_text_color": "ink",
    "block_info_text_color": "muted",
    "border_color_primary": "line",
    "border_color_accent": "accent",
    "border_color_accent_subdued": "line",
    "color_accent": "accent",
    "color_accent_soft": "accent_soft",
    "link_text_color": "accent",
    "link_text_color_active": "accent_hover",
    "link_text_color_hover": "accent_hover",
    "link_text_color_visited": "accent",
    "input_background_fill": "surface",
    "input_background_fill_focus": "surface",
    "input_border_color": "line",
    "input_border_color_focus": "accent",
    "input_placeholder_color": "muted",
    "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent_hover",
    "button_primary_border_color": "accent",
    "button_primary_border_color_hover": "accent_hover",
    "button_primary_text_color": "on_accent",
    "button_primary_text_color_hover": "on_accent",
    "button_secondary_background_fill": "surface",
    "button_secondary_background_fill_hover": "accent_soft",
    "button_secondary_border_color": "line",
    "button_secondary_border_color_hover": "accent",
    "button_secondary_text_color": "ink",
    "button_secondary_text_color_hover": "ink",
    "button_cancel_background_fill": "danger_soft",
    "button_cancel_background_fill_hover": "danger_soft",
    "button_cancel_border_color": "danger",
    "button_cancel_border_color_hover": "danger",
    "button_cancel_text_color": "danger",
    "button_cancel_text_color_hover": "danger",
    "slider_color": "accent",
    "code_background_fill": "paper",
    "panel_background_fill": "paper",
    "panel_border_color": "line",
    "accordion_text_color": "ink",
    "checkbox_background_color": "surface",
    "checkbox_border_color": "line",
    "error_background_fill": "danger_soft",
    "error_border_color": "danger",
    "error_text_color": "danger",
}
"""Gradio's variables and the color of the palette that each takes."""


def theme() -> Base:
    """Gradio's base theme in our colors, shapes and fonts."""
    base = Base(font=FONT, font_mono=MONO, radius_size=sizes.radius_lg, text_size=sizes.text_md)
    colors = {name: LIGHT[color] for name, color in ROLES.items()}
    colors |= {f"{name}_dark": DARK[color] for name, color in ROLES.items() if name != "color_accent"}
    return base.set(
        **colors, block_shadow="none", block_shadow_dark="none", input_shadow="none", input_shadow_dark="none"
    )
