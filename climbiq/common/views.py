"""Pages and answers that belong to no app: health and refused forms."""

from __future__ import annotations

import functools
import logging

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from climbiq.common.problems import problem_response

log = logging.getLogger(__name__)


def livez(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing else."""
    del request
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve: the database answers and has every migration. Redis may be down; that is said."""
    from climbiq.common.cache import cache_answers

    try:
        missing = _missing_migrations()
    except DatabaseError as error:
        log.warning("not ready: %s", error)
        return problem_response(
            status=503, detail="The database does not answer.", request=request, headers={"Retry-After": "5"}
        )
    if missing:
        return problem_response(
            status=503,
            detail=f"{missing} migrations have not been applied.",
            request=request,
            headers={"Retry-After": "5"},
        )
    return JsonResponse({"status": "ok", "database": "ok", "cache": "ok" if cache_answers() else "down"})


def _missing_migrations() -> int:
    """How many migrations of this code the database has not seen."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sum(key not in applied for key in _known_migrations())


@functools.cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """Read from disk once: they do not change while the process runs."""
    return frozenset(MigrationLoader(None).disk_migrations or {})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came back without its key, usually because the login changed in another tab."""
    del reason
    if request.path.startswith("/api/"):
        return problem_response(
            status=403,
            kind="csrf",
            detail="Send the CSRF token of your session as X-CSRFToken.",
            request=request,
        )
    return render(request, "errors/csrf.html", status=403)
