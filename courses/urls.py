"""Addresses of the courses app: one run, one session."""

from django.urls import path

from courses import views

app_name = "courses"

urlpatterns = [
    path("runs/<int:pk>/", views.run, name="run"),
    path("sessions/<int:pk>/", views.session, name="session"),
]
