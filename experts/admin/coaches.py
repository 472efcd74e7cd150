"""A field of forms: some of the coaches."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.db.models import Q

from climbiq.accounts.models import User
from experts.selectors import coaches

__all__ = ["Coaches"]

if TYPE_CHECKING:
    People = forms.ModelMultipleChoiceField[User]
else:
    People = forms.ModelMultipleChoiceField


class Coaches(People):
    """Whoever coaches now, and who was chosen before."""

    def __init__(self, **kwargs: Any) -> None:
        told = {
            "invalid_choice": "There is no coach %(value)s.",
            "invalid_pk_value": "There is no coach %(pk)s.",
        }
        super().__init__(queryset=coaches(), error_messages=told, **kwargs)

    def keep(self, chosen: Collection[UUID]) -> None:
        """Offer these as well: who took part then may coach no more."""
        people = User.objects.filter(Q(is_staff=True, is_active=True) | Q(pk__in=chosen))
        self.queryset = people.defer("password").order_by("display_name", "email")
