from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse

from climbiq.domain.values import BadValues
from sessions_app.domain.gyms import MAX_CHARS, GymName, KnownGym, alike, read_gym
from sessions_app.selectors import gym_of_label
from sessions_app.selectors.gyms import OFFERED

UNKNOWN = "unknown"


class GymWidget(forms.TextInput):
    """A line of text with gyms to pick from."""

    template_name = "widgets/gym.html"

    def __init__(self, *, offered: Sequence[KnownGym]) -> None:
        self.offered = offered
        super().__init__(attrs={"autocomplete": "off", "maxlength": 2 * MAX_CHARS + 2, "class": "short"})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}_offered"
        context["widget"]["attrs"]["list"] = list_id
        if len(self.offered) >= OFFERED:  # a script asks for others while one types
            context["widget"]["attrs"]["data-options-from"] = reverse("api_gyms")
        context["widget"] |= {"list_id": list_id, "labels": [gym.label for gym in self.offered]}
        return context


class GymField(forms.CharField):
    """A gym by its line: one that is known, or what it would be called."""

    def __init__(self, *, offered: Sequence[KnownGym], **kwargs: Any) -> None:
        super().__init__(
            required=False,
            label="Gym",
            help_text="Pick one, or write its name and city: Boulder Bar, Vienna.",
            widget=GymWidget(offered=offered),
            **kwargs,
        )

    def clean(self, value: Any) -> KnownGym | GymName | None:
        """Find the gym."""
        text = super().clean(value)
        if not text:
            return None
        try:
            gym = read_gym(name=text)
        except BadValues as bad:
            raise ValidationError(str(bad), code="invalid") from None
        return gym_of_label(label=gym.label) or gym


def unknown_gym(gym: GymName, *, offered: Sequence[KnownGym]) -> ValidationError:
    """Say that there is no such gym yet, and which one may have been meant."""
    near = alike(label=gym.label, among=[known.label for known in offered])
    guess = f" Did you mean {near}?" if near else ""
    return ValidationError(
        f"There is no “{gym.label}” on the list yet.{guess} If it is new, tick the box below.", code=UNKNOWN
    )
