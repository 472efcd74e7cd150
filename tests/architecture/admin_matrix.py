"""What the pages of the admin answer, by visitor.

"login" is the way to the login, "home" the admin's own first page: the row is hidden from whoever asks.
"""

from __future__ import annotations

from typing import Final

VISITORS: Final = ("nobody", "alice", "coach", "facilitator", "operator")
# A page with a row's key in its address: GET, then POST.
ROWS: Final[dict[str, tuple[str, str]]] = {
    "accounts_user_history": ("login login 403 403 200", "login login 403 403 200"),
    "accounts_user_delete": ("login login 403 403 403", "login login 403 403 403"),
    "accounts_user_change": ("login login 403 403 200", "login login 403 403 200"),
    "jobs_job_history": ("login login home home 200", "login login home home 200"),
    "jobs_job_delete": ("login login 403 403 403", "login login 403 403 403"),
    "jobs_job_change": ("login login 403 403 200", "login login 403 403 403"),
    "jobs_scheduledrun_history": ("login login home home 200", "login login home home 200"),
    "jobs_scheduledrun_delete": ("login login 403 403 403", "login login 403 403 403"),
    "jobs_scheduledrun_change": ("login login 403 403 200", "login login 403 403 403"),
    "sessions_app_gym_history": ("login login 403 403 200", "login login 403 403 200"),
    "sessions_app_gym_delete": ("login login 403 403 403", "login login 403 403 403"),
    "sessions_app_gym_change": ("login login 403 403 200", "login login 403 403 200"),
    "experts_populationprior_history": ("login login 200 200 200", "login login 200 200 200"),
    "experts_populationprior_delete": ("login login 403 403 403", "login login 403 403 403"),
    "experts_populationprior_change": ("login login 200 200 200", "login login 403 403 403"),
    "experts_rulereviewsession_history": ("login login 200 200 200", "login login 200 200 200"),
    "experts_rulereviewsession_delete": ("login login 403 403 403", "login login 403 403 403"),
    "experts_rulereviewsession_change": ("login login 200 200 200", "login login 403 200 200"),
    "experts_ruleauditlog_history": ("login login 200 200 200", "login login 200 200 200"),
    "experts_ruleauditlog_delete": ("login login 403 403 403", "login login 403 403 403"),
    "experts_ruleauditlog_change": ("login login 200 200 200", "login login 403 403 403"),
    "experts_rule_lifecycle": ("login login 302 302 302", "login login 302 302 302"),
    "experts_rule_supersede": ("login login 302 302 302", "login login 302 302 302"),
    "experts_expertrule_history": ("login login 200 200 200", "login login 200 200 200"),
    "experts_expertrule_delete": ("login login 302 302 302", "login login 302 302 302"),
    "experts_expertrule_change": ("login login 200 200 200", "login login 200 200 200"),
    "experts_syntheticscenario_history": ("login login 200 200 200", "login login 200 200 200"),
    "experts_syntheticscenario_delete": ("login login 403 403 403", "login login 403 403 403"),
    "experts_syntheticscenario_change": ("login login 200 200 200", "login login 403 403 403"),
    "modeling_trainingrun_history": ("login login 403 403 302", "login login 403 403 302"),
    "modeling_trainingrun_delete": ("login login 403 403 403", "login login 403 403 403"),
    "modeling_trainingrun_change": ("login login 403 403 200", "login login 403 403 403"),
}
# POST of what has none.
FORMS: Final[dict[str, str]] = {
    "index": "login login 200 200 200",
    "login": "302 403 302 302 302",
    "logout": "home home 200 200 200",
    "password_change": "login login 302 302 302",
    "password_change_done": "login login 405 405 405",
    "autocomplete": "login login 405 405 405",
    "jsi18n": "login login 405 405 405",
    "accounts_user_changelist": "login login 403 403 302",
    "accounts_user_add": "login login 403 403 200",
    "jobs_job_changelist": "login login 403 403 302",
    "jobs_job_add": "login login 403 403 403",
    "jobs_scheduledrun_changelist": "login login 403 403 200",
    "jobs_scheduledrun_add": "login login 403 403 403",
    "sessions_app_gym_changelist": "login login 403 403 302",
    "sessions_app_gym_add": "login login 403 403 403",
    "experts_populationprior_changelist": "login login 200 200 200",
    "experts_populationprior_add": "login login 403 403 403",
    "experts_rulereviewsession_changelist": "login login 200 200 200",
    "experts_rulereviewsession_add": "login login 403 200 200",
    "experts_ruleauditlog_changelist": "login login 200 200 200",
    "experts_ruleauditlog_add": "login login 403 403 403",
    "experts_rule_fields": "login login 200 200 200",
    "experts_rule_preview": "login login 200 200 200",
    "experts_expertrule_changelist": "login login 200 200 200",
    "experts_expertrule_add": "login login 200 200 200",
    "experts_syntheticscenario_changelist": "login login 200 200 200",
    "experts_syntheticscenario_add": "login login 403 403 403",
    "modeling_evaluation_changelist": "login login 403 403 200",
    "modeling_evaluation_evaluate": "login login 403 403 302",
    "modeling_trainingrun_train": "login login 403 403 302",
    "modeling_trainingrun_changelist": "login login 403 403 200",
    "modeling_trainingrun_add": "login login 403 403 403",
}
