"""Every address of peixun."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("", include("bureaus.urls")),
    path("", include("courses.urls")),
    path("", include("certificates.urls")),
    path("", include("ledgers.urls")),
]
