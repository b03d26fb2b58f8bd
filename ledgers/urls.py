"""Addresses of the ledgers app: home, figures, imports, registers."""

from django.urls import path

from ledgers.views import (
    blanks,
    doubts,
    figures,
    giving_back,
    home,
    imports,
    layouts,
    outgoing,
    own_forms,
    people,
    registers,
    sign_in_sheets,
    undoing,
    working,
)

app_name = "ledgers"

urlpatterns = [
    path("", home.home, name="home"),
    # --- Figures, and a ledger out
    path("progress/", figures.progress, name="progress"),
    path("commitments/<int:pk>/", figures.commitment, name="commitment"),
    path("export/", figures.export, name="export"),
    path("export/file/", figures.export_file, name="export-file"),
    path("export/learners/", outgoing.learners, name="export-learners"),
    path("public-list/", outgoing.public_list, name="public-list"),
    # --- Bureaus' own forms
    path("forms/", own_forms.own_forms, name="forms"),
    path("forms/new/", own_forms.new_form, name="form-new"),
    path("forms/<int:pk>/", own_forms.fill_form, name="form"),
    path("forms/<int:pk>/edit/", own_forms.edit_form, name="form-edit"),
    path("forms/<int:pk>/drop/", own_forms.remove_form, name="form-drop"),
    # --- The rows behind the figures
    path("runs/", registers.runs, name="runs"),
    path("sessions/", registers.sessions, name="sessions"),
    path("enrolments/", registers.enrolments, name="enrolments"),
    path("learners/", registers.learners, name="learners"),
    path("certificates/", registers.certificates, name="certificates"),
    # --- Who is the same person
    path("people/", people.duplicates, name="duplicates"),
    path("people/decisions/", doubts.decisions, name="person-decisions"),
    path("people/decisions/<int:pk>/withdraw/", doubts.withdraw, name="person-decision-withdraw"),
    path("people/merges/", people.merges, name="merges"),
    path("people/merges/<int:pk>/", people.merged, name="merge"),
    path("people/merges/<int:pk>/undo/", people.undo, name="merge-undo"),
    path("people/<int:one>/<int:other>/", people.compare, name="compare"),
    path("people/<int:one>/<int:other>/not-same/", people.not_same, name="not-same"),
    # --- A ledger in
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.new_import, name="import-new"),
    path("imports/<uuid:pk>/", imports.one_import, name="import"),
    path("imports/<uuid:pk>/adjust/", imports.adjust_columns, name="import-adjust"),
    path("imports/<uuid:pk>/columns/", imports.columns, name="import-columns"),
    path("imports/<uuid:pk>/status/", working.import_status, name="import-status"),
    path("imports/<uuid:pk>/cancel/", working.cancel_import, name="import-cancel"),
    path("imports/<uuid:pk>/seen/", working.import_seen, name="import-seen"),
    path("imports/<uuid:pk>/terms/", imports.set_terms, name="import-terms"),
    path("imports/<uuid:pk>/reopen/", imports.reopen_terms, name="import-reopen"),
    path("imports/<uuid:pk>/confirm/", imports.confirm_import, name="import-confirm"),
    path("imports/<uuid:pk>/drop/", imports.drop_import, name="import-drop"),
    path("imports/<uuid:pk>/undo/", undoing.undo_import, name="import-undo"),
    path("imports/<uuid:pk>/undo/weigh/", undoing.weigh_undo, name="import-weigh"),
    path("imports/<uuid:pk>/undo/rows/", undoing.undone_rows, name="import-undone"),
    path("imports/<uuid:pk>/faulty/", imports.faulty_rows, name="import-faulty"),
    path("imports/<uuid:pk>/give-back/", giving_back.give_back_ledger, name="import-give-back"),
    path("sign-in-sheets/", sign_in_sheets.sheets, name="sheets"),
    path("sign-in-sheets/new/", sign_in_sheets.new_sheet, name="sheet-new"),
    path("sign-in-sheets/<uuid:pk>/", sign_in_sheets.one_sheet, name="sheet"),
    path("sign-in-sheets/<uuid:pk>/choose/", sign_in_sheets.choose, name="sheet-choose"),
    path("sign-in-sheets/<uuid:pk>/confirm/", sign_in_sheets.confirm, name="sheet-confirm"),
    path("sign-in-sheets/<uuid:pk>/drop/", sign_in_sheets.drop, name="sheet-drop"),
    path("sign-in-sheets/<uuid:pk>/undo/", sign_in_sheets.undo_sheet, name="sheet-undo"),
    path("imports/<uuid:pk>/doubts/", doubts.doubts, name="import-doubts"),
    path("imports/<uuid:pk>/decide/", doubts.decide, name="import-decide"),
    path("imports/<uuid:pk>/recheck/", doubts.recheck, name="import-recheck"),
    # --- How bureaus lay their ledgers out
    path("layouts/", layouts.layouts, name="layouts"),
    path("layouts/<int:pk>/", layouts.layout, name="layout"),
    path("layouts/<int:pk>/delete/", layouts.delete_layout, name="layout-delete"),
    path("layouts/headings/<int:pk>/delete/", layouts.delete_synonym, name="heading-delete"),
    path("templates/", blanks.templates, name="templates"),
    path("templates/<slug:group>/", blanks.template, name="template"),
]
