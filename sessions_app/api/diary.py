"""The diary as a file over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, Final

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from rest_framework import serializers
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from climbiq.accounts import rls
from climbiq.accounts.requests import person_of
from climbiq.common.idempotency import idempotent
from climbiq.common.openapi import OpenApiResponse, documented
from climbiq.common.problems import TooLarge, problem_response
from climbiq.common.serializers import StrictSerializer
from sessions_app.api.serializers import DiaryReportSerializer
from sessions_app.domain.diary import DiaryProblem, UnreadableDiary
from sessions_app.services.diary import RowRefused
from sessions_app.services.own_diary import load_own_diary, read_own_diary, write_own_diary

SHOWN: Final = 100


class CsvParser(BaseParser):
    """The file itself as the body."""

    media_type = "text/csv"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> DataAndFiles[Any, Any]:
        """Read it whole, up to the limit of uploads: a file as in a form, whose digest is the file's."""
        del media_type, parser_context
        limit = settings.DIARY_UPLOAD_MAX_BYTES
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise _too_large()
        file = SimpleUploadedFile("diary.csv", raw, content_type=self.media_type)
        return DataAndFiles(QueryDict(), MultiValueDict({"file": [file]}))


class CsvRenderer(BaseRenderer):
    """Text that is CSV already."""

    media_type = "text/csv"
    format = "csv"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Encode it."""
        del accepted_media_type, renderer_context
        return str(data).encode()


class DiaryFileSerializer(StrictSerializer):
    """A diary file."""

    file = serializers.FileField(allow_empty_file=True)


class DiaryQuery(StrictSerializer):
    """How to load it."""

    skip_bad = serializers.BooleanField(default=False, help_text="Load the good rows where some are bad.")


class DiaryView(APIView):
    """`sessions/diary`."""

    parser_classes = [MultiPartParser, CsvParser]
    throttle_scope = ""

    def get_throttles(self) -> list[BaseThrottle]:
        """Files in and files out are counted apart: whoever has loaded many may still take their own data away."""
        self.throttle_scope = "uploads" if self.request.method == "POST" else "diary_exports"
        return super().get_throttles()

    def get_renderers(self) -> list[BaseRenderer]:
        """CSV out, JSON for what became of a file that came in."""
        return [CsvRenderer()] if self.request.method == "GET" else [JSONRenderer()]

    @documented(
        operation_id="diary_export",
        summary="Export the diary",
        responses={(200, "text/csv"): OpenApiResponse(str, description="One row a session; loads again.")},
    )
    def get(self, request: Request) -> Response:
        """Every session of one's own, the first one first."""
        return Response(write_own_diary(by=person_of(request)))

    @documented(
        operation_id="diary_import",
        summary="Load a diary",
        parameters=[DiaryQuery],
        request={"multipart/form-data": DiaryFileSerializer, "text/csv": str},
        responses=DiaryReportSerializer,
        description="All of it, or nothing where a row is bad (422, with the lines). The same file again adds nothing. "
        "A row without key and start is its day's session: where that is only planned, the row completes it.",
    )
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        """Load a file into one's own diary."""
        query = DiaryQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        upload = DiaryFileSerializer(data=request.data)
        upload.is_valid(raise_exception=True)
        file = upload.validated_data["file"]
        if file.size > settings.DIARY_UPLOAD_MAX_BYTES:
            raise _too_large()
        by, now = person_of(request), timezone.now()
        rls.bind_user(by, lifetime=rls.LONG_LIFETIME_SECONDS)
        try:
            found = read_own_diary(by=by, raw=file.read(), now=now)
        except UnreadableDiary as error:
            return _refused(request, error.problems)
        if found.problems and not query.validated_data["skip_bad"]:
            return _refused(request, found.problems)
        try:
            loaded = load_own_diary(by=by, diary=found, now=now)
        except RowRefused as refused:
            return _refused(request, (refused.problem,))
        left_out = [{"line": p.line, "column": p.column, "message": p.message} for p in found.problems]
        return Response(
            {
                "added": loaded.added,
                "completed": loaded.completed,
                "already_there": loaded.already_there,
                "left_out": left_out,
            }
        )


def _refused(request: Request, problems: tuple[DiaryProblem, ...]) -> HttpResponse:
    errors: dict[str, list[str]] = {}
    for problem in problems[:SHOWN]:
        place = f"line {problem.line}" + (f", {problem.column}" if problem.column else "")
        errors.setdefault(place, []).append(problem.message)
    detail = f"Nothing was loaded: {len(problems):,} fault{'' if len(problems) == 1 else 's'} in the file."
    return problem_response(status=422, kind="bad-diary", detail=detail, request=request, errors=errors)


def _too_large() -> TooLarge:
    return TooLarge(f"A diary can have {settings.DIARY_UPLOAD_MAX_BYTES:,} bytes at most.")
