"""How a page ends where nothing can be worked out, or not yet again."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from experts.selectors import NoPriors


def needs_priors(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Say in a page what is missing, where no priors are loaded yet."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NoPriors:
            return render(request, "recommendations/not_ready.html", status=503)

    return guarded


def too_often(request: HttpRequest, *, wait_seconds: float) -> HttpResponse:
    """Say when there is room for another recommendation."""
    page = {"minutes": max(1, math.ceil(wait_seconds / 60))}
    answer = render(request, "recommendations/too_often.html", page, status=429)
    answer.headers["Retry-After"] = str(math.ceil(wait_seconds))
    return answer
