"""Operators manage accounts. Coaches do not see them: climbers stay anonymous to those who judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import allauth.account.admin
import allauth.mfa.admin  # noqa: F401  both register their models before we take them away
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from django.http import HttpRequest

from climbiq.accounts.erasure import LastOperator, request_erasure
from climbiq.accounts.letters import tell_of_erasure
from climbiq.accounts.models import User
from climbiq.common.model_admin import AnyModelAdmin

if TYPE_CHECKING:  # generic for the type checker alone
    UserModelForm = forms.ModelForm[User]
else:
    UserModelForm = forms.ModelForm


class OperatorsOnly(AnyModelAdmin):
    """Pages that only an operator may open; the database's policies say the same."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return _is_operator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return _is_operator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False  # accounts are closed or erased; audit logs keep their key


class NewUserForm(UserModelForm):
    """A new account; its owner changes the password after the first login."""

    first_password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), validators=[validate_password]
    )

    class Meta:
        model = User
        fields = ["email", "display_name", "time_zone", "is_staff", "is_facilitator"]

    def clean_email(self) -> str:
        """Addresses are told apart without regard to case."""
        email = User.objects.normalize_email(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("There is an account with this address.")
        return email


@admin.register(User)
class UserAdmin(OperatorsOnly):
    """Who may do what. Passwords are neither shown nor set here: people reset their own."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """A hash that is not shown must not be guessed letter by letter through a filter either."""
        return not lookup.startswith("password") and super().lookup_allowed(lookup, value, request)

    list_display = [
        "email",
        "display_name",
        "is_staff",
        "is_facilitator",
        "is_superuser",
        "is_active",
        "last_login",
    ]
    list_filter = ["is_staff", "is_facilitator", "is_superuser", "is_active"]
    search_fields = ["email", "display_name"]
    ordering = ["email"]
    # People change their own address, which confirms it; operators are made by a command.
    readonly_fields = [
        *("id", "email", "is_superuser", "date_joined", "last_login", "erasure_due_at", "erased_at"),
    ]
    fieldsets = [
        (None, {"fields": ["id", "email", "display_name", "time_zone"]}),
        ("May do", {"fields": ["is_active", "is_staff", "is_facilitator", "is_superuser"]}),
        ("When", {"fields": ["date_joined", "last_login", "erasure_due_at", "erased_at"]}),
    ]

    actions = ["remove_second_factor", "erase"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An erased account is nobody's any more; the database refuses too."""
        return super().has_change_permission(request, obj) and not (obj and obj.erased_at)

    @admin.action(description="Erase in two weeks (its owner has asked for it)")
    def erase(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Do what people can do themselves, for those who cannot log in any more; they get the same letter."""
        for person in queryset.filter(erased_at=None, erasure_due_at=None):
            try:
                due_at = request_erasure(user=person)
            except LastOperator as refused:
                self.message_user(request, str(refused), messages.ERROR)
                continue
            tell_of_erasure(request, user=person, due_at=due_at)
            self.log_change(request, person, "Erasure asked for")
            self.message_user(
                request, f"{person.email} is closed, and erased on {due_at:%d %B %Y}.", messages.SUCCESS
            )

    @admin.action(description="Remove the second factor (the phone is lost)")
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let people in by password alone; staff are asked at once to set it up anew."""
        for person in queryset:
            removed, _ = Authenticator.objects.filter(user=person).delete()
            if removed:
                self.log_change(request, person, "Second factor removed")
                self.message_user(
                    request, f"{person.email} can set up a new second factor.", messages.SUCCESS
                )

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """A new account needs a first password."""
        if obj is None:
            return NewUserForm
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Of a new account everything is still to be said."""
        return super().get_readonly_fields(request, obj) if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """A new account has no history to show."""
        if obj is None:
            return [(None, {"fields": [*NewUserForm.Meta.fields, "first_password"]})]
        return super().get_fieldsets(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Write only what was changed: the row also holds the password, which may change meanwhile."""
        if change:
            obj.save(update_fields=[name for name in form.changed_data if name in form.cleaned_data])
        else:
            obj.set_password(form.cleaned_data["first_password"])
            super().save_model(request, obj, form, change)


def _is_operator(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


# Membership follows what the account is, by trigger; people manage their own addresses; and the keys of
# authenticator apps are nobody's to read.
for model in (Group, EmailAddress, Authenticator):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
