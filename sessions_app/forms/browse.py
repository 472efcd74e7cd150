from __future__ import annotations

from typing import Any

from django import forms

from climbiq.domain.vocabularies import SESSION_STATUSES, SESSION_TYPES
from sessions_app.selectors import HistoryFilter


class HistoryFilterForm(forms.Form):
    """Which sessions the history shows. A filter that does not exist is none."""

    status = forms.ChoiceField(
        required=False,
        choices=[("", "All"), *((k, SESSION_STATUSES[k]) for k in SESSION_STATUSES)],
    )
    kind = forms.ChoiceField(required=False, label="Type", choices=[("", "All"), *SESSION_TYPES.items()])
    changed = forms.BooleanField(required=False, label="Only sessions that went differently from the plan")

    def chosen(self) -> HistoryFilter:
        """The filter; what is not valid is left out."""
        self.full_clean()
        found: dict[str, Any] = self.cleaned_data
        return HistoryFilter(
            status=found.get("status") or None,
            session_type=found.get("kind") or None,
            only_changed=bool(found.get("changed")),
        )
