"""Pages and answers that belong to no app: health and refused forms."""

from __future__ import annotations

import functools
import logging
import math
import sys
from http import HTTPStatus

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.views.decorators.http import require_safe
from django.views.defaults import server_error

from climbiq.common.database_faults import explain_fault
from climbiq.common.problems import problem_response
from climbiq.common.web_login import why_policies_do_not_hold

log = logging.getLogger(__name__)


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing else."""
    del request
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve: its database is as it must be. Redis may be down; that is said."""
    from climbiq.common.cache import cache_answers

    try:
        fault = _fault_of_the_database()
    except DatabaseError as error:
        log.warning("not ready: %s", error)
        fault = "The database does not answer."
    if fault:
        return problem_response(status=503, detail=fault, request=request, headers={"Retry-After": "5"})
    return JsonResponse({"status": "ok", "database": "ok", "cache": "ok" if cache_answers() else "down"})


def _fault_of_the_database() -> str:
    """Say what keeps us from serving; blank when nothing does."""
    if missing := _missing_migrations():
        return f"{missing} migrations have not been applied."
    if fault := why_policies_do_not_hold():
        log.error("not ready: %s", fault)
        return fault
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.has_priors()")
        (has_priors,) = cursor.fetchone()
    return "" if has_priors else "There are no priors yet: run manage.py load_literature_priors."


def _missing_migrations() -> int:
    """How many migrations of this code the database has not seen."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sum(key not in applied for key in _known_migrations())


@functools.cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """Read from disk once: they do not change while the process runs."""
    return frozenset(MigrationLoader(None).disk_migrations or {})


def too_often(request: HttpRequest, *, wait_seconds: float) -> HttpResponse:
    """A page that says that an allowance is used up, and when there is room again."""
    answer = render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
    answer.headers["Retry-After"] = str(math.ceil(wait_seconds))
    return answer


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


def failed(request: HttpRequest) -> HttpResponse:
    """Whatever nobody caught; the database may also go away between views."""
    return away_page(sys.exc_info()[1]) or server_error(request)


def away_page(error: BaseException | None) -> HttpResponse | None:
    """A page for a database that went away or is held by somebody: that passes. None for any other error."""
    fault = explain_fault(error, safe=False) if isinstance(error, DatabaseError) else None
    if fault is None or not fault.wait_seconds:
        return None
    log.warning("the database cannot serve: %s", str(error).split("\n", 1)[0])
    # Without the request: whose it is, the database would say.
    page = loader.get_template("503.html").render({"why": fault.message})
    return HttpResponse(
        page, status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(fault.wait_seconds)}
    )
