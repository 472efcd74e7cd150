"""Pages of one's account."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from climbiq.accounts import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", views.account, name="account"),
    path("account/data/", views.data, name="data"),
    path("account/data/download/", views.data_download, name="data_download"),
    path("account/erase/", views.erase, name="erase"),
    path("account/erase/keep/", views.keep, name="erase_keep"),
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<uuid:token_id>/revoke/", views.token_revoke, name="token_revoke"),
]
