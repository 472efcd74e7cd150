"""Account forms."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Any

from allauth.account.forms import LoginForm as BaseLoginForm
from allauth.account.forms import SignupForm as BaseSignupForm
from django import forms
from django.core.exceptions import ValidationError

from climbiq.accounts.models import User
from climbiq.domain.texts import UnstorableText, clean_text

if TYPE_CHECKING:  # generic for the type checker alone
    UserModelForm = forms.ModelForm[User]
else:
    UserModelForm = forms.ModelForm


def clean_name(text: str, *, what: str = "A name") -> str:
    """Drop what cannot be seen; refuse what cannot be stored."""
    try:
        return clean_text(text, one_line=True)
    except UnstorableText as error:
        raise ValidationError(f"{what} {error}.") from None


class LoginForm(BaseLoginForm):  # type: ignore[misc]
    """Without the link to the reset between address and password, where it catches the Tab key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class SignupForm(BaseSignupForm):  # type: ignore[misc]
    """Email, password, a name if they like; the time zone comes from the browser."""

    display_name = forms.CharField(
        label="What should we call you?",
        help_text="If you like.",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    time_zone = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    field_order = ["email", "display_name", "password1", "password2", "time_zone"]

    def clean_display_name(self) -> str:
        """As everywhere else."""
        return clean_name(self.cleaned_data["display_name"])

    def clean_time_zone(self) -> str:
        """An unknown zone is no reason to refuse somebody: it can be set later."""
        zone = str(self.cleaned_data.get("time_zone") or "")
        return zone if zone in zoneinfo.available_timezones() else "UTC"


class ZoneWidget(forms.TextInput):
    """A text field that suggests while one types; all 500 zones in a select are no help on a phone."""

    template_name = "widgets/zone.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["list"] = f"{context['widget']['attrs'].get('id', name)}_zones"
        context["widget"]["zones"] = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone)
        return context


class AccountForm(UserModelForm):
    """What a person may change about themselves; only these columns are written."""

    class Meta:
        model = User
        fields = ["display_name", "time_zone", "shares_for_calibration", "sends_notes_to_claude"]
        labels = {
            "display_name": "What should we call you?",
            "shares_for_calibration": "My sessions may test the coaches’ judgment",
            "sends_notes_to_claude": "Explanations may use what I write",
        }
        help_texts = {
            "time_zone": "Start typing a city: days and times are shown in its time.",
            "shares_for_calibration": (
                "This comes later, and nothing is done with it yet: now and then a session of yours, without "
                "name, email, date or place, will be put before coaches who do not know that it happened. "
                "That shows how well they judge. Off: never."
            ),
            "sends_notes_to_claude": (
                "Your notes and objectives are sent to Claude, made by Anthropic, when it words an explanation "
                "for you. Off: it gets numbers only, never your words. Your name and address never leave."
            ),
        }
        widgets = {
            "display_name": forms.TextInput(attrs={"autocomplete": "nickname"}),
            "time_zone": ZoneWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        }

    def clean_display_name(self) -> str:
        """Drop what cannot be seen."""
        return clean_name(self.cleaned_data["display_name"])

    def clean_time_zone(self) -> str:
        """Accept what this machine can compute with, whatever its case and spaces."""
        typed = "_".join(self.cleaned_data["time_zone"].split())
        known = {zone.casefold(): zone for zone in zoneinfo.available_timezones()}
        try:
            return known[typed.casefold()]
        except KeyError:
            raise ValidationError("There is no such time zone. Choose one such as Europe/Berlin.") from None

    def save(self, commit: bool = True) -> User:
        """Write these columns and no others: the row also holds rights and the password."""
        if commit:
            self.instance.save(update_fields=list(self.changed_data))
        return self.instance


class TokenForm(forms.Form):
    """A key for a script or an app."""

    name = forms.CharField(
        label="What is it for?",
        help_text="You will know it by this name: “watch app”, “notebook”.",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(
        label="What may it do?",
        choices=[("read", "Read only"), ("write", "Read and write")],
        initial="read",
        widget=forms.RadioSelect,
    )
    days = forms.ChoiceField(
        label="How long shall it last?",
        choices=[("30", "30 days"), ("90", "90 days"), ("365", "A year")],
        initial="90",
        widget=forms.RadioSelect,
    )

    use_required_attribute = False

    def clean_name(self) -> str:
        """Drop what cannot be seen."""
        name = clean_name(self.cleaned_data["name"])
        if not name:
            raise ValidationError("Give it a name that can be read.")
        return name


class EraseForm(forms.Form):
    """Their own address, typed: nobody does that by mistake."""

    email = forms.CharField(
        label="To confirm, type your email address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    use_required_attribute = False

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_email(self) -> str:
        """Compare as a login does: without regard to case."""
        typed = str(self.cleaned_data["email"]).strip()
        if typed.casefold() != self._user.email.casefold():
            raise ValidationError(f"That is not the address of this account, {self._user.email}.")
        return typed
