"""Gyms: everybody's names of places, and which of them this climber goes to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db.models import BooleanField, Exists, Func, Max, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Lower

from sessions_app.domain.gyms import GymName, KnownGym
from sessions_app.models import Gym, GymAddition, Session

__all__ = ["found_gyms", "gym_label", "gym_labels", "gym_of_label", "gyms_to_offer"]

OWN: Final = 8
OFFERED: Final = 60


def gyms_to_offer(*, user_id: UUID) -> tuple[KnownGym, ...]:
    """Read the gyms that a form offers: the climber's own, the latest first, then those of many by name."""
    latest = (
        Session.objects.filter(user_id=user_id, gym__isnull=False)
        .values("gym_id")
        .annotate(last=Max("session_date"))
        .order_by("-last", "gym_id")
        .values_list("gym_id", flat=True)[:OWN]
    )
    own = {gym.id: gym for gym in map(_known, Gym.objects.filter(pk__in=list(latest)))}
    mine = [own[key] for key in latest if key in own]
    others = found_gyms(user_id=user_id).exclude(pk__in=list(own))[: OFFERED - len(mine)]
    return (*mine, *map(_known, others))


def found_gyms(*, user_id: UUID, text: str = "") -> QuerySet[Gym]:
    """Find gyms whose line contains a text, whatever its case; by name.

    A climber's own, and what two people or more go to or an operator confirmed: a slip, or a joke, of one is not
    put before everybody.
    """
    own = Q(Exists(GymAddition.objects.filter(user_id=user_id, gym_id=OuterRef("pk"))))
    own |= Q(Exists(Session.objects.filter(user_id=user_id, gym_id=OuterRef("pk"))))
    of_many = Q(confirmed_at__isnull=False) | Q(
        Func("pk", function="app.is_shared_gym", output_field=BooleanField())
    )
    rows = Gym.objects.filter(of_many | own).order_by("label_key")
    return rows.filter(label_key__contains=Lower(Value(text.strip()))) if text.strip() else rows


def gym_of_label(*, label: str) -> KnownGym | None:
    """Find the gym that is written like this, whatever its case."""
    row = Gym.objects.filter(label_key=Lower(Value(label))).first()
    return None if row is None else _known(row)


def gym_label(*, gym_id: UUID | None) -> str:
    """Read how a gym is written; "" where none is named."""
    return "" if gym_id is None else gym_labels(gym_ids=[gym_id]).get(gym_id, "")


def gym_labels(*, gym_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Read how gyms are written, by their keys."""
    wanted = set(gym_ids)
    return {row.pk: str(row) for row in Gym.objects.filter(pk__in=wanted)} if wanted else {}


def _known(row: Gym) -> KnownGym:
    return KnownGym(id=row.pk, gym=GymName(name=row.name, city=row.city))
