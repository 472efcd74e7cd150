"""One's own account over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from climbiq.accounts.api.serializers import MeSerializer
from climbiq.accounts.export import file_name, own_export
from climbiq.accounts.requests import person_of
from climbiq.common.idempotency import idempotent
from climbiq.common.openapi import OpenApiResponse, OpenApiTypes, documented
from climbiq.common.parsers import body_of


class MeView(APIView):
    """The account of whoever asks."""

    @documented(operation_id="users_me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Show it."""
        return Response(MeSerializer(person_of(request)).data)

    @documented(operation_id="users_me_change", request=MeSerializer, responses=MeSerializer)
    @idempotent
    def patch(self, request: Request) -> Response:
        """Change name, time zone or consents."""
        serializer = MeSerializer(person_of(request), data=body_of(request), partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)


class ZipRenderer(BaseRenderer):
    """Lets a client ask for a ZIP; the view has made it already."""

    media_type = "application/zip"
    format = "zip"
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> Any:
        """Nothing is left to do."""
        del accepted_media_type, renderer_context
        return data


class ExportView(APIView):
    """Everything that is held about whoever asks."""

    renderer_classes = [ZipRenderer]
    throttle_scope = "exports"

    @documented(
        operation_id="users_me_export",
        summary="Take everything away",
        description="One ZIP: README.txt, columns.csv, and each table with rows of yours as JSON and as CSV. "
        "Ten an hour.",
        responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, description="The file.")},
    )
    def get(self, request: Request) -> HttpResponse:
        """Write the file."""
        now = timezone.now()
        return HttpResponse(
            own_export(user=person_of(request), now=now),
            content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{file_name(now=now)}"'},
        )
