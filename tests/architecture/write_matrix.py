"""What each route answers to what writes, by visitor, each with a body that is right for whoever may.

Like `route_matrix`, with a facilitator beside the coach. "login" is the way to the login, "again" the question for
the password. Keys in the address and in the body are Alice's, so a foreign one is 404 in an address, 400 at its field
in a body and 422 for the copy of what she deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.factories.people import PASSWORD

VISITORS: Final = ("nobody", "alice", "bob", "coach", "facilitator", "operator", "token")
NEW_PASSWORD: Final = "another-problem-43"
DIARY: Final = "session_date,session_quality\n2026-05-04,7\n"
ALICE: Final = "alice@example.org"


@dataclass(frozen=True, slots=True)
class Write:
    """One method of one route. The body: a JSON object of the API, a page's form, a file as it is.

    `done` stands only on the page that says it is done, where that page has the status of a form that came back: "done".
    """

    method: str
    route: str
    codes: str
    body: Mapping[str, Any] | str = field(default_factory=dict)
    done: str = ""


WRITES: Final = (
    Write("PATCH", "api_me", "401 200 200 200 200 200 403", {"display_name": "A"}),
    Write("POST", "api_my_baseline", "401 201 201 201 201 201 403", {"age": 30}),
    Write("POST", "api_baseline", "401 201 201 201 201 201 403", {"age": 30}),
    Write("POST", "api_gyms", "401 201 201 201 201 201 403", {"name": "Boulder Bar"}),
    Write("POST", "api_sessions", "401 201 201 201 201 201 403", {"session_date": "2026-05-04"}),
    Write(
        "POST",
        "api_pre_session_submit",
        "401 201 400 400 400 400 403",
        {"session_id": "{session_id}", "stress_level": 3},
    ),
    Write(
        "POST",
        "api_post_session_submit",
        "401 201 400 400 400 400 403",
        {"session_id": "{session_id}", "session_quality": 5},
    ),
    Write("POST", "api_diary", "401 200 200 200 200 200 403", DIARY),
    Write("PATCH", "api_session", "401 200 404 404 404 404 403", {"location_type": "outdoor"}),
    Write("DELETE", "api_session", "401 200 404 404 404 404 403"),
    Write("PUT", "api_pre_session", "401 200 404 404 404 404 403", {"stress_level": 3}),
    Write("PATCH", "api_pre_session", "401 200 404 404 404 404 403", {"stress_level": 3}),
    Write("POST", "api_post_session", "401 201 404 404 404 404 403", {"session_quality": 5}),
    Write("PUT", "api_post_session", "401 200 404 404 404 404 403", {"session_quality": 5}),
    Write("PATCH", "api_post_session", "401 200 404 404 404 404 403", {"session_quality": 5}),
    Write("POST", "api_session_start", "401 200 404 404 404 404 403"),
    Write("POST", "api_session_skip", "401 200 404 404 404 404 403"),
    Write("POST", "api_session_reopen", "401 200 404 404 404 404 403"),
    Write("POST", "api_session_restore", "401 200 422 422 422 422 403", {"undo": "{undo}"}),
    Write(
        "POST",
        "api_rules",
        "401 403 403 201 201 201 403",
        {
            "name": "New",
            "conditions": {"field": "pre_session.stress_level", "op": ">=", "value": 4},
            "actions": [{"type": "message", "message": "Breathe."}],
        },
    ),
    Write("PATCH", "api_rule", "401 403 403 200 200 200 403", {"priority": 7, "reason": "r"}),
    Write("DELETE", "api_rule", "401 403 403 200 200 200 403"),
    Write("POST", "api_rule_lifecycle", "401 403 403 200 200 200 403", {"to": "shadow", "reason": "r"}),
    Write("POST", "api_rule_supersede", "401 403 403 200 200 200 403", {"successor": None, "reason": "r"}),
    Write(
        "POST",
        "api_recommendation_pre_session",
        "401 201 400 400 400 400 403",
        {"session_id": "{session_id}"},
    ),
    Write(
        "POST",
        "app_auth_signup",
        "200 200 200",
        {"email": "new@example.org", "password": NEW_PASSWORD},
    ),
    Write("POST", "app_auth_login", "200 200 200", {"email": ALICE, "password": PASSWORD}),
    Write("DELETE", "app_auth_session", "401 401 401"),
    Write("POST", "app_auth_reauthenticate", "401 401 401", {"password": PASSWORD}),
    Write("POST", "app_auth_email_verify", "400 400 400", {"key": "x-y"}),
    Write("POST", "app_auth_password_request", "200 200 200", {"email": ALICE}),
    Write(
        "POST",
        "app_auth_password_reset",
        "400 400 400",
        {"key": "x-y", "password": NEW_PASSWORD},
    ),
    Write("POST", "app_auth_2fa_authenticate", "401 401 401", {"code": "123456"}),
    Write("POST", "app_auth_2fa_reauthenticate", "401 401 401", {"code": "123456"}),
    Write(
        "POST",
        "app_account_password_change",
        "401 401 401",
        {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
    ),
    Write("POST", "app_account_email", "409 409 409", {"email": "more@example.org"}),
    Write("PUT", "app_account_email", "401 401 401", {"email": ALICE}),
    Write("PATCH", "app_account_email", "401 401 401", {"email": ALICE, "primary": True}),
    Write("DELETE", "app_account_email", "401 401 401", {"email": ALICE}),
    Write("POST", "app_account_authenticators_totp", "401 401 401", {"code": "123456"}),
    Write("DELETE", "app_account_authenticators_totp", "401 401 401"),
    Write("POST", "app_account_authenticators_recovery_codes", "401 401 401"),
    Write("POST", "account_login", "302 302 302 302 302 302 302", {"login": ALICE, "password": PASSWORD}),
    Write("POST", "account_logout", "login login login login login login login"),
    Write(
        "POST",
        "account_signup",
        "302 302 302 302 302 302 302",
        {"email": "new@example.org", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    ),
    Write("POST", "account_reauthenticate", "login 302 302 302 302 302 login", {"password": PASSWORD}),
    Write(
        "POST",
        "account_email",
        "login 302 302 302 302 302 login",
        {"action_add": "", "email": "more@example.org"},
    ),
    Write(
        "POST",
        "account_change_password",
        "login 302 302 302 302 302 login",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    ),
    Write("POST", "account_reset_password", "302 302 302 302 302 302 302", {"email": ALICE}),
    Write("POST", "mfa_activate_totp", "login 200 200 200 200 200 login", {"code": "123456"}),
    Write("POST", "account", "login 302 302 302 302 302 login", {"display_name": "A", "time_zone": "UTC"}),
    Write(
        "POST",
        "erase",
        "login done 200 200 200 200 login",
        {"email": ALICE, "password": PASSWORD},
        "Your account is closed",
    ),
    Write("POST", "erase_keep", "login 302 302 302 302 302 login"),
    Write(
        "POST",
        "tokens",
        "login done done done done done login",
        {"name": "t", "scope": "read", "days": "90"},
        "ciq_",
    ),
    Write("POST", "token_revoke", "login 302 404 404 404 404 login"),
    Write("POST", "baseline", "login 302 302 302 302 302 login", {"age": "30"}),
    Write("POST", "session_new", "login 302 302 302 302 302 login", {"session_date": "2026-05-04"}),
    Write("POST", "session_before", "login 302 404 404 404 404 login", {"session_date": "2026-05-04"}),
    Write(
        "POST",
        "session_after",
        "login 302 404 404 404 404 login",
        {"as_planned": "yes", "session_quality": "6"},
    ),
    Write("POST", "session_start", "login 302 404 404 404 404 login"),
    Write("POST", "session_skip", "login 302 404 404 404 404 login"),
    Write("POST", "session_unskip", "login 302 404 404 404 404 login"),
    Write("POST", "session_delete", "login 200 404 404 404 404 login"),
    Write("POST", "session_restore", "login 302 422 422 422 422 login", {"undo": "{undo}"}),
    Write("POST", "diary_load", "login 302 302 302 302 302 login"),
    Write("POST", "recommend", "login 302 404 404 404 404 login"),
    Write("POST", "recommendation_words", "login 302 404 404 404 404 login"),
    Write("POST", "diary", "login 200 200 200 200 200 login", {"file": DIARY}),
    Write("POST", "mfa_generate_recovery_codes", "login 200 200 200 200 200 login"),
)
# Routes that answer any method alike and write nothing by it, with the reason.
HARMLESS: Final = {
    "livez": "says that the process lives",
    "readyz": "says whether it can serve",
    "account_set_password": "leads to the change of a password: everybody has one",
    "account_confirm_login_code": "leads away: nobody logs in by a code",
    "account_reset_password_from_key": "this link has been used, says the page; a good one is tried elsewhere",
    "account_login": "leads home whoever is logged in",
    "account_signup": "leads home whoever is logged in",
    "mfa_reauthenticate": "leads to the password: nobody here has a second step",
    "mfa_authenticate": "leads away: no login waits for its second step",
}
# Forms of allauth take PUT for POST.
PUT_IS_POST: Final = (
    "account_change_password",
    "account_email",
    "account_reauthenticate",
    "account_reset_password",
    "mfa_activate_totp",
    "mfa_generate_recovery_codes",
)
