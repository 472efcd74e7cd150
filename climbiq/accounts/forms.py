"""Account forms."""

from __future__ import annotations

import zoneinfo

from allauth.account.forms import SignupForm as BaseSignupForm
from django import forms


class SignupForm(BaseSignupForm):  # type: ignore[misc]
    """E-mail, password, a name if they like; the time zone comes from the browser."""

    display_name = forms.CharField(
        label="What should we call you?",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    time_zone = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    field_order = ["email", "display_name", "password1", "password2", "time_zone"]

    def clean_time_zone(self) -> str:
        """An unknown zone is no reason to refuse somebody: it can be set later."""
        zone = str(self.cleaned_data.get("time_zone") or "")
        return zone if zone in zoneinfo.available_timezones() else "UTC"
