"""Addresses of the bureaus app: size of type, audit, closed years."""

from django.urls import path

from bureaus import views

app_name = "bureaus"

urlpatterns = [
    path("type/", views.set_type, name="type"),
    path("audit/", views.audit, name="audit"),
    path("years/", views.years, name="years"),
    path("years/close/", views.close, name="close-year"),
    path("years/<int:pk>/reopen/", views.reopen, name="reopen-year"),
]
