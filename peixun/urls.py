"""Every address of peixun."""

from allauth.account import views as account
from django.contrib import admin
from django.urls import include, path

# Of allauth only what a closed house without mail has use for.
account_patterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("signup/", account.signup, name="account_signup"),  # says that accounts are given by a bureau
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include(account_patterns)),
    path("", include("bureaus.urls")),
    path("", include("courses.urls")),
    path("", include("certificates.urls")),
    path("", include("ledgers.urls")),
]
