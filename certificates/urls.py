"""Addresses of the certificates app, by kind of work."""

from django.urls import path

from certificates.views import (
    accounts,
    badges,
    caring,
    certificates,
    checking,
    duties,
    handing_out,
    issuers,
    issuing,
    looking_up,
    my,
    own_data,
    rules,
    sharing,
    showing,
)

app_name = "certificates"

urlpatterns = [
    # --- Records
    path("learners/<int:pk>/", showing.record, name="record"),
    # --- Issuing
    path("certificates/issue/", issuing.issue_runs, name="issue-runs"),
    path("runs/<int:pk>/certificates/", issuing.issue, name="issue"),
    path("runs/<int:pk>/certificates/hand-out/", handing_out.hand_out, name="hand-out"),
    path("runs/<int:pk>/certificates/handed-out/", handing_out.mark_handed_out, name="handed-out"),
    path("runs/<int:pk>/certificates/pdf/", handing_out.run_pdf, name="run-pdf"),
    path("runs/<int:pk>/certificates/zip/", handing_out.run_zip, name="run-zip"),
    path("certificates/batches/<uuid:pk>/", issuing.batch, name="batch"),
    path("certificates/batches/<uuid:pk>/status/", issuing.batch_status, name="batch-status"),
    path("certificates/batches/<uuid:pk>/resume/", issuing.batch_resume, name="batch-resume"),
    path("certificates/<int:pk>/", certificates.certificate, name="certificate"),
    path("certificates/<int:pk>/pdf/", certificates.certificate_pdf, name="certificate-pdf"),
    path("certificates/<int:pk>/revoke/", certificates.revoke_certificate, name="revoke"),
    path("certificates/<int:pk>/replace/<slug:ground>/", certificates.replace_certificate, name="replace"),
    path("issuers/", issuers.issuers, name="issuers"),
    path("issuers/<int:pk>/", issuers.issuer, name="issuer-edit"),
    path("issuers/<int:pk>/example/", issuers.issuer_example, name="issuer-example"),
    path("issue-rules/", rules.rules, name="rules"),
    path("issue-rules/new/", rules.new_rule, name="rule-new"),
    path("issue-rules/<int:pk>/", rules.edit_rule, name="rule-edit"),
    path("issue-rules/<int:pk>/end/", rules.finish_rule, name="rule-end"),
    # --- Templates
    # --- Checking
    path("v/", checking.check_form, name="check-form"),
    path("v/offline/", checking.offline, name="verify-offline"),
    path("v/keys.json", checking.keys, name="keys"),
    path("v/issuers/<int:pk>/did.json", badges.did_document, name="issuer"),
    path("v/issuers/<int:pk>/status.jwt", badges.status_list, name="status-list"),
    path("v/<str:code>/", checking.check, name="check"),
    path("robots.txt", checking.robots, name="robots"),
    path("certificates/<int:pk>/credential/", badges.credential, name="credential"),
    path("shared/<str:key>/credential/", badges.shared_credential, name="shared-credential"),
    # --- The learner's place
    path("my/", my.own, name="own"),
    path("my/certificates/<int:pk>/", my.own_certificate, name="own-certificate"),
    path("my/certificates/<int:pk>/pdf/", my.own_certificate_pdf, name="own-certificate-pdf"),
    path("my/certificates/<int:pk>/share/", sharing.share, name="share"),
    path("my/shares/<int:pk>/withdraw/", sharing.withdraw, name="share-withdraw"),
    path("s/<str:key>/", sharing.shared, name="shared"),
    path("my/data/", own_data.own_data, name="own-data"),
    path("my/data/file/", own_data.own_data_file, name="own-data-file"),
    path("data-requests/", own_data.data_requests, name="data-requests"),
    path("data-requests/<int:pk>/", own_data.data_request, name="data-request"),
    path("duties/", duties.duties, name="duties"),
    path("duties/file/", duties.duties_file, name="duties-file"),
    path("learners/<int:pk>/id-number/", caring.id_number, name="id-number"),
    path("record/", looking_up.look_up, name="look-up"),
    path("record/close/", looking_up.look_up_close, name="look-up-close"),
    path("record/phone/", looking_up.look_up_phone, name="look-up-phone"),
    path("record/code/", looking_up.look_up_code, name="look-up-code"),
    path("record/pdf/<str:text>/", looking_up.look_up_pdf, name="look-up-pdf"),
    path("learners/<int:pk>/account/", accounts.account_for, name="account-for"),
    path("learners/<int:pk>/account/reset/", accounts.account_reset, name="account-reset"),
    path("learners/<int:pk>/helpers/", caring.helpers, name="helpers"),
    path("learners/<int:pk>/helpers/<int:link>/end/", caring.helper_end, name="helper-end"),
    path("learners/<int:pk>/exemptions/", caring.exemptions, name="exemptions"),
    path(
        "learners/<int:pk>/exemptions/<int:exemption>/remove/",
        caring.exemption_remove,
        name="exemption-remove",
    ),
]
