"""Addresses of the courses app, by kind of work."""

from django.urls import path

from courses.views import showing

app_name = "courses"

urlpatterns = [
    # --- What there is
    path("runs/<int:pk>/", showing.run, name="run"),
    path("sessions/<int:pk>/", showing.session, name="session"),
    # --- Programmes, courses, trainers
    # --- Class runs and sessions, calendar
    # --- Enrolling
    # --- Registering attendance
    # --- Check-in and evaluation
    # --- Without a network
    # --- Boards, workload, notices
]
