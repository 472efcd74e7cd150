"""Pages and answers that belong to no app: health and refused forms."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render


def livez(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing else."""
    del request
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve: the database answers. Redis may be down; that is said, and is no failure."""
    del request
    from climbiq.common.cache import cache_answers

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok", "database": "ok", "cache": "ok" if cache_answers() else "down"})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came back without its key, usually because the login changed in another tab."""
    del reason
    return render(request, "errors/csrf.html", status=403)
