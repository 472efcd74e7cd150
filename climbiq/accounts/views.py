"""Account pages: who I am, what may be done with my data, and my keys for scripts."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from climbiq.accounts import tokens as services
from climbiq.accounts.erasure import GRACE, LastOperator, keep_account, request_erasure
from climbiq.accounts.export import file_name, own_export
from climbiq.accounts.forms import AccountForm, EraseForm, TokenForm
from climbiq.accounts.letters import tell_of_erasure
from climbiq.accounts.requests import PersonRequest
from climbiq.common.personal_data import personal_tables
from climbiq.common.throttles import seconds_to_wait
from climbiq.common.views import too_often


@login_required
@require_http_methods(["GET", "POST"])
def account(request: PersonRequest) -> HttpResponse:
    """Name, time zone and consent; and the way to everything else about the account."""
    form = AccountForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("account")
    return render(request, "accounts/account.html", {"form": form})


@login_required
@require_GET
def data(request: PersonRequest) -> HttpResponse:
    """Say what is held about whoever asks, and offer it."""
    counted = [(table.data.what, table.rows(person=request.user.pk).count()) for table in personal_tables()]
    return render(request, "accounts/data.html", {"held": [(what, n) for what, n in counted if n]})


@login_required
@require_GET
def data_download(request: PersonRequest) -> HttpResponse:
    """Everything that is held, as one file."""
    wait = seconds_to_wait(request, scope="exports")
    if wait is not None:
        return too_often(request, wait_seconds=wait)
    now = timezone.now()
    return HttpResponse(
        own_export(user=request.user, now=now),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{file_name(now=now)}"'},
    )


@login_required
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "POST"])
def erase(request: PersonRequest) -> HttpResponse:
    """Say what would go and what would stay; ask for the erasure, or take the wish back."""
    user = request.user
    if user.erasure_due_at is not None:
        return render(request, "accounts/erase_waits.html", {"due_at": user.erasure_due_at})
    form = EraseForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            due_at = request_erasure(user=user)
        except LastOperator as refused:
            form.add_error(None, str(refused))
        else:
            tell_of_erasure(request, user=user, due_at=due_at)
            logout(request)
            return render(request, "accounts/erase_asked.html", {"due_at": due_at})
    counted = [(table.data, table.rows(person=user.pk).count()) for table in personal_tables()]
    goes = [(data.what, n) for data, n in counted if n and data.fate == "erased"]
    stays = [data for data, n in counted if n and data.fate == "kept"]
    return render(
        request, "accounts/erase.html", {"form": form, "goes": goes, "stays": stays, "days": GRACE.days}
    )


@login_required
@require_POST
def keep(request: PersonRequest) -> HttpResponse:
    """Take the wish back."""
    if request.user.erasure_due_at is not None:
        keep_account(user=request.user)
        messages.success(request, "Your account stays, with everything in it.")
    return redirect("account")


@login_required
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "POST"])
def tokens(request: PersonRequest) -> HttpResponse:
    """List and make tokens; a new one is in this one answer and nowhere else."""
    form = TokenForm(request.POST or None)
    new_token = ""
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            _, new_token = services.create_token(
                user=request.user,
                name=form.cleaned_data["name"],
                scope=form.cleaned_data["scope"],
                expires_at=now + timedelta(days=int(form.cleaned_data["days"])),
                now=now,
            )
        except services.TooManyTokens as refused:
            form.add_error(None, str(refused))
        else:
            form = TokenForm()
    context = {"form": form, "new_token": new_token, "tokens": services.tokens_of(request.user)}
    return render(request, "accounts/tokens.html", context | {"now": timezone.now()})


@login_required
@require_http_methods(["GET", "POST"])
def token_revoke(request: PersonRequest, token_id: UUID) -> HttpResponse:
    """Ask, then revoke."""
    token = services.tokens_of(request.user).filter(pk=token_id, revoked_at__isnull=True).first()
    if token is None:
        raise Http404
    if request.method == "POST":
        services.revoke_token(user=request.user, token_id=token_id)
        messages.success(request, f"“{token.name}” is revoked. Whatever used it is locked out.")
        return redirect("tokens")
    return render(request, "accounts/token_revoke.html", {"token": token})
