"""The decision is written twice, in the script and on the server: both must say the same of every cookie."""

import random
from datetime import UTC, datetime

from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from policies.consent.choices import decide
from policies.consent.notices import Category, DeclaredCookie, Notice
from tests.factories import cookie_policy, declare_cookies

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def _case(dice: random.Random) -> tuple[str, Notice, bool]:
    """Throw a cookie, a notice and a signal."""
    varnames = dice.sample(["a", "b1", "ads", "media"], dice.randint(1, 3))
    accepted = tuple(dice.sample(range(1, 6), dice.randint(1, 3)))
    named = sorted(dice.sample(["a", "b1", "ads", "media"], dice.randint(1, 4)))
    if dice.random() < 0.1:
        dice.shuffle(named)
    choices = "_".join(f"{name}-{dice.choice('0001112')}" for name in named)
    expires = int(NOW.timestamp()) + dice.choice([-1, 0, 1, 86_400, 189 * 86_400, 190 * 86_400])
    form = dice.choice(["1", "2.0", "2.1", "2.1", "2.2", "2"])
    cookie = f"{form}.{'0a' * 16}.{dice.randint(0, 6)}.{choices}.{expires}"
    words = dict.fromkeys(("title", "text", "accept_label", "reject_label", "choose_label", "save_label"), "")
    categories = tuple(
        Category(varname=name, name=name, cookies=(DeclaredCookie(name="c"),)) for name in varnames
    )
    notice = Notice(
        version_id=1, number=accepted[0], accepted_versions=accepted, url="", categories=categories, **words
    )
    broken = ["", "x", cookie + "\n", cookie[:-1], cookie * 9, cookie.replace("-", "_")]
    return (dice.choice(broken) if dice.random() < 0.1 else cookie), notice, dice.random() < 0.3


def test_the_script_decides_as_the_server_does(page: Page, live_server: LiveServer) -> None:
    declare_cookies()
    cookie_policy()
    page.goto(live_server.url)
    dice = random.Random(20_260_501)  # noqa: S311 - a fixed seed, not a secret
    cases = [_case(dice) for _ in range(2_000)]
    given = [
        [cookie, list(notice.accepted_versions), list(notice.varnames), gpc] for cookie, notice, gpc in cases
    ]
    script = """async ([cases, now]) => {
        const { decide } = await import("/static/js/components/consent.js");
        return cases.map(([cookie, accepted, categories, gpc]) => {
            const { ask, granted, gpc: honoured } = decide(cookie, { accepted, categories }, gpc, now);
            return [ask, granted.sort(), honoured];
        });
    }"""
    found = page.evaluate(script, [given, NOW.timestamp()])
    decisions = [decide(cookie, notice, gpc=gpc, now=NOW) for cookie, notice, gpc in cases]
    assert found == [[d.ask, sorted(d.granted), d.gpc_honoured] for d in decisions]
    assert {d.ask for d in decisions} == {True, False}
    assert {
        any(d.granted for d, (_, _, gpc) in zip(decisions, cases, strict=True) if gpc is on)
        for on in (True, False)
    } == {True}
