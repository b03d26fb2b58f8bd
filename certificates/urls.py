"""Addresses of the certificates app: a learner's record, and one's own."""

from django.urls import path

from certificates import views

app_name = "certificates"

urlpatterns = [
    path("learners/<int:pk>/", views.record, name="record"),
    path("my/", views.own, name="own"),
]
