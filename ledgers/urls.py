"""Addresses of the ledgers app: home, figures, imports, registers."""

from django.urls import path

from ledgers.views import blanks, figures, home, imports, outgoing, registers

app_name = "ledgers"

urlpatterns = [
    path("", home.home, name="home"),
    # --- Figures, and a ledger out
    path("progress/", figures.progress, name="progress"),
    path("commitments/<int:pk>/", figures.commitment, name="commitment"),
    path("export/", figures.export, name="export"),
    path("export/file/", figures.export_file, name="export-file"),
    path("export/learners/", outgoing.learners, name="export-learners"),
    # --- The rows behind the figures
    path("runs/", registers.runs, name="runs"),
    path("sessions/", registers.sessions, name="sessions"),
    path("enrolments/", registers.enrolments, name="enrolments"),
    path("learners/", registers.learners, name="learners"),
    path("certificates/", registers.certificates, name="certificates"),
    # --- A ledger in
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.new_import, name="import-new"),
    path("imports/<uuid:pk>/", imports.one_import, name="import"),
    path("imports/<uuid:pk>/status/", imports.import_status, name="import-status"),
    path("imports/<uuid:pk>/terms/", imports.set_terms, name="import-terms"),
    path("imports/<uuid:pk>/reopen/", imports.reopen_terms, name="import-reopen"),
    path("imports/<uuid:pk>/confirm/", imports.confirm_import, name="import-confirm"),
    path("imports/<uuid:pk>/drop/", imports.drop_import, name="import-drop"),
    path("imports/<uuid:pk>/undo/", imports.undo_import, name="import-undo"),
    path("imports/<uuid:pk>/faulty/", imports.faulty_rows, name="import-faulty"),
    path("templates/", blanks.templates, name="templates"),
    path("templates/<slug:group>/", blanks.template, name="template"),
]
