"""Gyms over HTTP: look one up, add one that is missing."""

from __future__ import annotations

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from climbiq.accounts.requests import person_of
from climbiq.common.idempotency import idempotent
from climbiq.common.openapi import documented
from climbiq.common.pagination import NewestFirst, read_query
from climbiq.common.parsers import body_of
from climbiq.common.serializers import StrictSerializer
from climbiq.domain.values import BadValues
from sessions_app.domain.gyms import read_gym
from sessions_app.selectors import found_gyms
from sessions_app.services.gyms import MOST_A_DAY, add_gym


class GymSerializer(StrictSerializer):
    """A place to climb. Everybody sees the names of gyms that two people or more go to."""

    id = serializers.UUIDField(read_only=True, help_text="For `gym_id` of a session.")
    name = serializers.CharField()
    city = serializers.CharField(allow_blank=True, default="")


class GymListQuery(StrictSerializer):
    """Which gyms to list."""

    search = serializers.CharField(
        required=False, allow_blank=True, help_text="A part of “name, city”, in any case."
    )


class ByLabel(NewestFirst):
    """Gyms by name and city."""

    ordering = ("label_key", "id")


class GymsView(APIView):
    """`gyms`."""

    pagination_class = ByLabel

    @documented(
        operation_id="gyms_list",
        summary="List gyms",
        parameters=[GymListQuery],
        responses=GymSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """One's own gyms and those that others share, by name, a page at a time."""
        wanted = read_query(request, GymListQuery)
        paginator = ByLabel()
        found = found_gyms(user_id=person_of(request).pk, text=wanted.get("search", ""))
        rows = paginator.paginate_queryset(found, request, self) or []
        return paginator.get_paginated_response([_as_json(row.pk, row.name, row.city) for row in rows])

    @documented(
        operation_id="gyms_add",
        summary="Add a gym",
        request=GymSerializer,
        responses={201: GymSerializer, 200: GymSerializer},
        description="201 for a new one; 200 with the one that is there, where one is written alike in any case. "
        f"{MOST_A_DAY} new ones a day.",
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Add it for everybody, once."""
        serializer = GymSerializer(data=body_of(request))
        serializer.is_valid(raise_exception=True)
        try:
            gym = read_gym(**serializer.validated_data)
            known, is_new = add_gym(by=person_of(request).pk, gym=gym, now=timezone.now())
        except BadValues as bad:
            errors = {"name" if name == "gym" else name: [text] for name, text in bad.problems.items()}
            raise serializers.ValidationError(errors) from bad
        return Response(_as_json(known.id, known.gym.name, known.gym.city), status=201 if is_new else 200)


def _as_json(key: object, name: str, city: str) -> dict[str, object]:
    return {"id": key, "name": name, "city": city}
