"""The baseline over HTTP."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from climbiq.accounts.requests import person_of
from climbiq.common.idempotency import idempotent
from climbiq.common.openapi import documented
from climbiq.common.parsers import body_of
from sessions_app.api.faults import told_in_http
from sessions_app.api.representations import baseline_as_json
from sessions_app.api.serializers import BaselineSerializer
from sessions_app.selectors import current_baseline
from sessions_app.services.baselines import record_baseline


class BaselineView(APIView):
    """`users/me/baseline`, also `users/baseline`."""

    @documented(summary="Read the current baseline", responses=BaselineSerializer)
    def get(self, request: Request) -> Response:
        """The current baseline, or 404 before there is one."""
        baseline = current_baseline(user_id=person_of(request).pk)
        if baseline is None:
            raise NotFound("There is no baseline yet. Post one here.")
        return Response(baseline_as_json(baseline))

    @documented(summary="Record a baseline", request=BaselineSerializer, responses={201: BaselineSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Record a whole new version: what is not given is not said. The old one is kept."""
        serializer = BaselineSerializer(data=body_of(request))
        serializer.is_valid(raise_exception=True)
        with told_in_http():
            baseline = record_baseline(
                by=person_of(request), values=serializer.validated_data, now=timezone.now()
            )
        return Response(baseline_as_json(baseline), status=201)
