"""`Idempotency-Key`: a write that is sent twice is carried out once, and answered the same.

The record is written in the transaction of the work itself, so either both are there or neither. While a request
with a key is under way it holds an advisory lock; a second one is told to come back rather than made to wait.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.http import HttpResponse, QueryDict
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from climbiq.common.models import IdempotencyRecord
from climbiq.common.openapi import OpenApiParameter, documented
from climbiq.common.problems import Conflict, Unprocessable

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replay"
KEPT_FOR: Final = timedelta(hours=24)
MAX_KEY_CHARS: Final = 200
# Headers that belong to the answer itself and are repeated with it.
KEPT_HEADERS: Final = ("Location", "ETag")

PARAMETER: Final = OpenApiParameter(
    name=HEADER,
    location=OpenApiParameter.HEADER,
    required=False,
    description="A key of your own making. The same key with the same body within 24 hours does the work once and "
    "gives the same answer again.",
)

_RENEWED: Final = ["method", "path", "body_digest", "status", "content_type", "headers", "body", "created_at"]

View = TypeVar("View")
P = ParamSpec("P")
Handler = Callable[Concatenate[View, Request, P], HttpResponse]


class InFlight(Conflict):
    """Another request with this key has not finished."""

    default_detail = "A request with this Idempotency-Key is still under way."
    wait = 1


class KeyReused(Unprocessable):
    """The key was used for something else."""

    default_detail = "This Idempotency-Key was used for a different request. Make a new key."


def idempotent(handler: Handler[View, P]) -> Handler[View, P]:
    """Decorate a method of a DRF view that writes (`post`, `put`, `patch`, `delete`, `create`, …).

    Without the header nothing changes. Not for answers that stream.
    """

    @documented(parameters=[PARAMETER])
    @wraps(handler)
    def once(view: View, request: Request, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None or not request.user.is_authenticated:
            return handler(view, request, *args, **kwargs)
        refuse_bad_key(key)
        _lock_or_refuse(user_id=str(request.user.pk), key=key)
        digest = _digest(request)
        earlier = IdempotencyRecord.objects.filter(
            user_id=request.user.pk, key=key, created_at__gt=timezone.now() - KEPT_FOR
        ).first()
        if earlier is not None:
            if (earlier.method, earlier.path, earlier.body_digest) != (request.method, request.path, digest):
                raise KeyReused
            return _replay(earlier)
        response = handler(view, request, *args, **kwargs)
        _remember_when_rendered(response, request=request, key=key, digest=digest)
        return response

    return cast("Handler[View, P]", once)


def refuse_bad_key(key: str) -> None:
    """Refuse a key that two clients could read differently."""
    if not 1 <= len(key) <= MAX_KEY_CHARS or not key.isascii() or not key.isprintable():
        raise ValidationError({HEADER: [f"Use 1 to {MAX_KEY_CHARS} printable ASCII characters."]})


def _lock_or_refuse(*, user_id: str, key: str) -> None:
    """Hold the key until this transaction ends, however it ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"idempotency|{user_id}|{key}"]
        )
        if not cursor.fetchone()[0]:
            raise InFlight


def _digest(request: Request) -> str:
    """Digest the request by its meaning: the order of keys does not matter, files count by their content."""
    seen = hashlib.sha256()
    if request.query_params:
        seen.update(f"?{sorted(request.query_params.lists())}\0".encode())
    data = request.data
    if not isinstance(data, QueryDict):
        seen.update(json.dumps(data, sort_keys=True, ensure_ascii=False).encode())
        return seen.hexdigest()
    for name, values in sorted(data.lists()):
        for value in values:
            seen.update(f"{name}=".encode())
            if isinstance(value, UploadedFile):
                for chunk in value.chunks():
                    seen.update(chunk)
                value.seek(0)
            else:
                seen.update(str(value).encode())
            seen.update(b"\0")
    return seen.hexdigest()


def _remember_when_rendered(response: HttpResponse, *, request: Request, key: str, digest: str) -> None:
    """Keep the answer; a refusal is not kept, because it changed nothing and may be corrected."""
    if response.status_code >= 400:
        return

    user_id = request.user.pk
    assert user_id is not None  # noqa: S101  checked by the caller

    def remember(rendered: HttpResponse) -> None:
        record = IdempotencyRecord(
            user_id=user_id,
            key=key,
            method=request.method or "",
            path=request.path,
            body_digest=digest,
            status=rendered.status_code,
            content_type=rendered.headers.get("Content-Type", ""),
            headers={name: rendered.headers[name] for name in KEPT_HEADERS if name in rendered.headers},
            body=rendered.content,
            created_at=timezone.now(),
        )
        # A key whose day is over may be used again.
        IdempotencyRecord.objects.bulk_create(
            [record], update_conflicts=True, unique_fields=["user", "key"], update_fields=_RENEWED
        )

    if isinstance(response, Response):
        response.add_post_render_callback(remember)
    else:
        remember(response)


def _replay(record: IdempotencyRecord) -> HttpResponse:
    answer = HttpResponse(bytes(record.body), status=record.status, headers=record.headers)
    if record.content_type:
        answer.headers["Content-Type"] = record.content_type
    else:
        del answer.headers["Content-Type"]
    answer.headers[REPLAYED] = "true"
    return answer
