"""Draws the icons of the installed application from `icon.svg`: `python -m tests.browser.icons`.

Devices cut the edge of a maskable one off, and iOS shows black for what is transparent: both fill their
square.
"""

from playwright.sync_api import sync_playwright

from gradio_app.pages.files import STATIC
from tests.browser.chromium import find

ROUND = 'rx="14" '
ICONS = {
    "icon-192.png": (192, True),
    "icon-512.png": (512, True),
    "icon-maskable-512.png": (512, False),
    "apple-touch-icon.png": (180, False),
}
"""Pixels on each side, and whether the corners are round."""


def main() -> None:
    """Write each of them beside the drawing."""
    drawing = (STATIC / "icon.svg").read_text()
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=find(), chromium_sandbox=False).new_page()
        for name, (pixels, is_round) in ICONS.items():
            page.set_viewport_size({"width": pixels, "height": pixels})
            style = "<style>body { margin: 0 } svg { display: block; width: 100vw }</style>"
            page.set_content(style + (drawing if is_round else drawing.replace(ROUND, "")))
            page.screenshot(path=STATIC / name, omit_background=True)


if __name__ == "__main__":
    main()
