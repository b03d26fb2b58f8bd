"""Every address of peixun."""

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from bureaus.sms_codes import offered

# Of allauth only what a closed house without mail has use for.
account_patterns = [
    path("login/", account.login, name="account_login"),
    path("login/code/", offered(account.request_login_code), name="account_request_login_code"),
    path("login/code/confirm/", offered(account.confirm_login_code), name="account_confirm_login_code"),
    path("logout/", account.logout, name="account_logout"),
    path("signup/", account.signup, name="account_signup"),  # says that accounts are given by a bureau
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
]

urlpatterns = [
    # Before the admin's own: passwords are tried on our sign-in page only, where tries are limited.
    path("admin/login/", secure_admin_login(admin.site.login)),
    path("admin/", admin.site.urls),
    path("accounts/", include(account_patterns)),
    path("", include("bureaus.urls")),
    path("", include("courses.urls")),
    path("", include("certificates.urls")),
    path("", include("ledgers.urls")),
]
