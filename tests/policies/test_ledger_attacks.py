"""Every change by raw SQL that somebody could want is damage: one who knows nothing of the ledger, and one who does.

Of the second kind only what no care can hide: what is dated back, and what contradicts a seal. That somebody with the
database enters something new, dated now, cannot be told from the site's own work; nor can a chain that was sealed
anew, but by a head that was kept outside.
"""

from contextlib import suppress
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from policies.ledger import heads, merkle, sealing
from policies.models import LedgerEntry, LedgerHead
from tests.factories import publish
from tests.policies import lived_site
from tests.policies.attacks import choices, ledger, pages, stored_form, versions
from tests.policies.attacks.catalogue import Case
from tests.policies.attacks.choices import invented
from tests.policies.attacks.ledger import choice_and_entry_written_anew, rewritten_head
from tests.policies.lived_site import LivedSite
from tests.policies.verifying import damage, failure, run, seal

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.slow]

CASES = [*versions.ATTACKS, *pages.ATTACKS, *choices.ATTACKS, *ledger.ATTACKS, *stored_form.ATTACKS]


@pytest.fixture(scope="module")
def site_of_module(database_of_module: None, tmp_path_factory: pytest.TempPathFactory) -> LivedSite:
    return LivedSite(tmp_path_factory.mktemp("old-rules"))


@pytest.fixture
def site(site_of_module: LivedSite, db: None) -> LivedSite:
    return site_of_module


def test_the_site_as_it_has_lived_is_whole(site: LivedSite) -> None:
    assert damage(least=0) == []
    assert "entries are sealed under" in run()
    assert {head.number for head in LedgerHead.objects.all()} == set(range(LedgerHead.objects.count()))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=[] if case.again else [pytest.mark.every_case])
        for case in CASES
    ],
)
def test_each_attack_is_seen_before_and_after_the_next_sealing(site: LivedSite, case: Case) -> None:
    with transaction.atomic():
        case.attack(site)
        assert case.said in failure(2, of="Not as recorded")
        if sealed_something():
            assert case.said in failure(2, of="Not as recorded")
        transaction.set_rollback(True)


def sealed_something() -> bool:
    """Seal, if sealing is not refused; without a new head every row is as it was, and so is what a check says."""
    with suppress(DatabaseError, sealing.LedgerDamagedError, ValueError), transaction.atomic():
        return seal() is not None
    return False


# --- What it cannot show -----------------------------------------------------------------------------------
def sealed_anew(site: LivedSite) -> None:
    """Change a choice with all that was ever sealed: by who knows the ledger, and has the whole database."""
    choice_and_entry_written_anew(site)
    previous = LedgerHead.objects.get(number=0)
    for head in LedgerHead.objects.filter(number__gt=0).order_by("number"):
        span = LedgerEntry.objects.filter(position__range=(head.first_position, head.last_position))
        leaves = span.order_by("position").values_list("leaf_sha256", flat=True)
        root = merkle.root([bytes.fromhex(leaf) for leaf in leaves]).hex()
        rewritten_head(head.number, root_sha256=root, previous_sha256=previous.sha256)
        previous = LedgerHead.objects.get(number=head.number)


def test_a_chain_that_was_sealed_anew_is_told_by_a_head_that_was_kept_outside(
    site: LivedSite, tmp_path: Path
) -> None:
    kept = tmp_path / "heads.json"
    kept.write_text(heads.encode([heads.newest()]), encoding="utf-8")
    run(expect=kept)
    sealed_anew(site)

    assert damage() == []
    assert "is another one here: the ledger was rewritten" in failure(2, of="ledger", expect=kept)


def test_what_was_entered_before_the_change_is_no_matter(site: LivedSite, tmp_path: Path) -> None:
    """Only heads that seal what was changed, or follow one that does, are others then."""
    kept = tmp_path / "heads.json"
    kept.write_text(heads.encode([LedgerHead.objects.get(number=1)]), encoding="utf-8")
    sealed_anew(site)

    run(expect=kept)


def test_what_somebody_enters_now_is_taken_for_the_sites_own_work(site: LivedSite) -> None:
    """It cannot be shown that what was entered was true: this is what the check says of itself."""
    invented(site, timezone.now(), knowing=timezone.now())
    assert damage() == []
    sealing.seal(now=timezone.now())
    assert damage() == []


def test_publishing_goes_on_after_all_of_it(site: LivedSite) -> None:
    assert publish(site.terms, body="<p>Pay later.</p>").number == 3
    lived_site.choose("none")
    seal()
    assert damage(least=0) == []
