"""The look: contrast of the colour pairs, no inline code anywhere, and static files that production can serve."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

ROOT = Path(settings.BASE_DIR)
CSS = ROOT / "climbiq/common/static/climbiq"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

# Text colour, what lies behind it, and the ratio that WCAG AA asks: 4.5 for text, 3 for edges of controls.
PAIRS = [
    *[(text, back, 4.5) for text in ("ink", "ink-soft", "petrol", "clay") for back in ("paper", "card")],
    ("on-petrol", "petrol", 4.5),
    ("ink", "petrol-soft", 4.5),
    ("ink", "clay-soft", 4.5),
    ("clay", "clay-soft", 4.5),
    ("edge", "card", 3.0),
    ("edge", "paper", 3.0),
    ("petrol", "petrol-soft", 3.0),
]


def palette(scheme: str) -> dict[str, str]:
    """The colours of one scheme, as climbiq.css sets them."""
    css = (CSS / "climbiq.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root\s*{([^}]*)}", css)
    colours = [dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", block)) for block in blocks]
    return colours[0] if scheme == "light" else colours[0] | colours[1]


def contrast(one: str, other: str) -> float:
    """(L1 + 0.05) / (L2 + 0.05) of WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_itself():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS, ids=str)
def test_contrast(scheme, front, back, least):
    colours = palette(scheme)
    assert contrast(colours[front], colours[back]) >= least


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_carries_inline_code(template):
    html = template.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", html), "inline style"
    assert not re.search(r"<style[\s>]", html), "style element"
    assert not re.search(r"\son\w+\s*=\s*[\"']", html), "inline handler"
    assert not re.search(r"href=[\"']javascript:", html), "script address"
    assert "hx-on" not in html, "htmx evaluates hx-on"
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL):
        assert "src=" in attributes or 'type="application/json"' in attributes or not body.strip(), (
            "inline script"
        )


def test_static_files_can_be_collected_and_named_by_their_content(tmp_path, settings):
    """`collectstatic` as production runs it: a file that a style sheet names and that is not there stops it."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    call_command("collectstatic", "--no-input", verbosity=0)
    names = {file.name for file in (tmp_path / "climbiq").iterdir()}
    assert any(re.fullmatch(r"climbiq\.[0-9a-f]{12}\.css", name) for name in names)
