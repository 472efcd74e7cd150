"""The few places a climber goes, and which of them the present page belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django import template
from django.template import RequestContext
from django.urls import reverse

register = template.Library()


@dataclass(frozen=True, slots=True)
class Section:
    """One item of the navigation and the addresses (by name) that belong to it."""

    url_name: str
    label: str
    icon: str
    pages: frozenset[str] = frozenset()


CLIMBER_SECTIONS: Final = (
    Section("today", "Today", "today", frozenset({"recommendation", "recommend", "why", "own_model"})),
    Section("session_new", "New session", "session"),
    Section(
        "history",
        "History",
        "history",
        frozenset(
            {
                "session_detail",
                "session_before",
                "session_after",
                "session_taught",
                "session_skip",
                "session_delete",
                "diary",
            }
        ),
    ),
    Section(
        "account", "Account", "account", frozenset({"tokens", "token_revoke", "baseline", "data", "erase"})
    ),
)
STAFF_SECTION: Final = Section("admin:index", "Workbench", "workbench")


@register.inclusion_tag("navigation.html", takes_context=True)
def main_navigation(context: RequestContext) -> dict[str, Any]:
    """Show the sections to somebody who is logged in; the present one is marked."""
    user = context.get("user")
    if user is None or not user.is_authenticated:
        return {"items": []}
    match = getattr(context.get("request"), "resolver_match", None)
    here = match.view_name if match else ""
    sections = (*CLIMBER_SECTIONS, STAFF_SECTION) if user.is_staff else CLIMBER_SECTIONS
    items = [
        {"section": section, "url": reverse(section.url_name), "is_here": _is_here(section, here)}
        for section in sections
    ]
    return {"items": items}


def _is_here(section: Section, here: str) -> bool:
    is_account_page = here.startswith(("account_", "mfa_"))
    return (
        here == section.url_name or here in section.pages or (section.icon == "account" and is_account_page)
    )
