"""Attacks on the form in which SQLite keeps a value: Python reads it as before, and SQLite compares it otherwise."""

from django.db import connection

from tests.policies.attacks.catalogue import Attacks, in_force, must_change
from tests.policies.lived_site import LivedSite

ATTACKS = Attacks()
attack, by_sql = ATTACKS.add, ATTACKS.add_sql
STRANGE = "are not written as the site writes them"
FORMS = {
    "in_other_digits": "'\uff12' || substr({0}, 2)",
    "as_bytes": "CAST({0} AS BLOB)",
    "with_an_offset": "{0} || '-23:00'",
    "with_a_letter": "replace({0}, ' ', 'T')",
    "with_a_line_break": "{0} || char(10)",
}
MOMENTS = {
    "policies_policyversion": ("effective_at", "recorded_at"),
    "policies_versionwithdrawal": ("withdrawn_at",),
    "policies_consentrecord": ("created_at", "expires_at"),
    "policies_ledgerentry": ("time",),
    "policies_ledgerhead": ("time",),
    "policies_ledgerstatement": ("time",),
    "forms_submission": ("submit_time",),
}

if connection.vendor == "sqlite":
    for table, columns in MOMENTS.items():
        for column in columns:
            for form, written in FORMS.items():
                change = f"UPDATE {table} SET {column} = {written.format(column)} WHERE id = (SELECT max(id) FROM {table})"  # noqa: S608, E501
                by_sql(f"{column}_of_{table}_{form}", f"1 value(s) in {column} {STRANGE}", change)

    @attack(f"1 value(s) in effective_at {STRANGE}")
    def version_in_force_never_in_force(site: LivedSite) -> None:
        must_change(
            "UPDATE policies_policyversion SET effective_at = CAST(effective_at AS BLOB) WHERE id = %s",
            in_force(site).pk,
        )

    by_sql(
        "choices_with_a_key_twice",
        f"1 value(s) in choices {STRANGE}",
        "UPDATE policies_consentrecord SET choices = replace(choices, '{', '{\"media\": false, ')"
        " WHERE choices LIKE '%\"media\"%' AND id = (SELECT max(id) FROM policies_consentrecord)",
    )
