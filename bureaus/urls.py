"""Addresses of the bureaus app: size of type, audit, closed years."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from bureaus import views

app_name = "bureaus"

urlpatterns = [
    path("type/", views.set_type, name="type"),
    path("language/", require_POST(login_not_required(set_language)), name="language"),
    path("audit/", views.audit, name="audit"),
    path("years/", views.years, name="years"),
    path("years/close/", views.close, name="close-year"),
    path("years/<int:pk>/reopen/", views.reopen, name="reopen-year"),
]
