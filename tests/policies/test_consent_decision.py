"""The decision: whether to ask and what may run, for every cookie, version and signal. No database is asked."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.consent.choices import Decision, InvalidChoiceError, choices_for, decide, is_valid
from policies.consent.cookies import Choice, parse
from policies.consent.notices import MAX_VARNAME, Category, DeclaredCookie, Notice

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SOON = int((NOW + timedelta(days=30)).timestamp())
SCRIPT = Path(__file__).resolve().parents[2] / "static/js/components/consent.js"
RECORD = "0" * 31 + "a"


def notice(*varnames: str, accepted: tuple[int, ...] = (4, 3)) -> Notice:
    """Make a notice in memory."""
    return Notice(
        version_id=1,
        number=accepted[0],
        accepted_versions=accepted,
        url="/cookie-policy/versions/4/",
        title="",
        text="",
        accept_label="",
        reject_label="",
        choose_label="",
        save_label="",
        categories=tuple(
            Category(varname=name, name=name, cookies=(DeclaredCookie(name="c"),)) for name in varnames
        ),
    )


def cookie(choices: str, *, form: str = "1", version: int = 4, expires: int = SOON) -> str:
    """Write a cookie by hand."""
    return f"{form}.{RECORD}.{version}.{choices}.{expires}"


def test_a_choice_that_says_it_lasts_longer_than_ours_is_none_of_ours() -> None:
    end = int((NOW + timedelta(days=190)).timestamp())
    for expires, ask in ((end - 1, False), (end, True), (9_999_999_999, True)):
        decided = decide(cookie("analytics-1", expires=expires), notice("analytics"), gpc=False, now=NOW)
        assert decided.ask == ask


def test_a_cookie_is_read() -> None:
    assert parse(cookie("analytics-1_media-0")) == Choice(
        record_id=UUID(RECORD), version=4, choices={"analytics": True, "media": False}, expires=SOON
    )


def test_a_cookie_of_300_letters_is_read_and_no_longer_one() -> None:
    names = [f"{number:0{MAX_VARNAME}}" for number in range(13)]
    for last, is_read in (("abc", True), ("abcd", False)):
        value = cookie("_".join(f"{name}-1" for name in [*names, last]))
        assert (len(value) <= 300, parse(value) is not None) == (is_read, is_read)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "1",
        "analytics=1",
        cookie("analytics-1", form="2"),
        cookie("analytics-1", form="2.2"),
        cookie("analytics-1", form="1.1"),
        cookie("analytics-1", form="3.1"),
        cookie("analytics-2"),
        cookie("analytics-1_"),
        cookie("Analytics-1"),
        cookie("media-1_analytics-1"),
        cookie("analytics-1_analytics-0"),
        cookie("analytics-1", version=0),
        cookie("analytics-1", expires=99_999_999_999),
        cookie("analytics-1") + "\n",
        cookie("analytics-1") + ".",
        cookie("analytics-1").replace("4", "४"),
        cookie("ä-1"),
        cookie("_".join(f"c{number:02}-1" for number in range(60))),
        "\x00" * 40,
    ],
)
def test_a_cookie_in_any_other_form_is_no_choice(value: str | None) -> None:
    assert parse(value) is None
    assert decide(value, notice("analytics"), gpc=False, now=NOW) == Decision(ask=True)


@pytest.mark.parametrize(
    ("value", "ask", "granted"),
    [
        (cookie("analytics-1"), False, {"analytics"}),
        (cookie("analytics-0"), False, set()),
        (cookie("analytics-1", version=3), False, {"analytics"}),
        (cookie("analytics-1", version=2), True, set()),
        (cookie("analytics-1", version=5), True, set()),
        (cookie("analytics-1", expires=int(NOW.timestamp())), True, set()),
        (cookie("media-1"), True, set()),
        (cookie("analytics-1_gone-1"), False, {"analytics"}),
    ],
)
def test_a_choice_stands_for_its_time_its_versions_and_its_categories(
    value: str, ask: bool, granted: set[str]
) -> None:
    decision = decide(value, notice("analytics"), gpc=False, now=NOW)
    assert (decision.ask, decision.granted) == (ask, granted)


@pytest.mark.parametrize(
    "value",
    [
        None,
        pytest.param(cookie("analytics-1", form="2.0"), id="made without it"),
        pytest.param(cookie("analytics-1"), id="made before that was recorded"),
        pytest.param(cookie("analytics-1", form="2.1", version=2), id="about another text"),
    ],
)
def test_the_signal_is_a_refusal_and_goes_before_a_choice_that_did_not_know_of_it(value: str | None) -> None:
    decided = decide(value, notice("analytics"), gpc=True, now=NOW)
    assert decided == Decision(ask=False, gpc_honoured=True)


@pytest.mark.parametrize(("form", "gpc"), [("1", False), ("2.0", False), ("2.1", False), ("2.1", True)])
def test_a_choice_goes_before_a_signal_that_was_there_when_it_was_made(form: str, gpc: bool) -> None:
    chosen = decide(cookie("analytics-1", form=form), notice("analytics"), gpc=gpc, now=NOW)
    assert chosen == Decision(ask=False, granted=frozenset({"analytics"}))


@pytest.mark.parametrize("text", [None, notice()])
def test_nobody_is_asked_where_nothing_is_optional(text: Notice | None) -> None:
    assert decide(cookie("analytics-1"), text, gpc=False, now=NOW) == Decision(ask=False)


def test_nothing_can_be_chosen_where_nothing_is_optional() -> None:
    with pytest.raises(InvalidChoiceError):
        choices_for(notice=notice(), method="all", categories=())


# --- Properties ------------------------------------------------------------------------------------------
names = st.text("abcxyz019", min_size=1, max_size=8)
versions = st.integers(1, 9)
states = st.dictionaries(names, st.booleans(), min_size=1, max_size=6)
notices = st.builds(
    lambda varnames, accepted: notice(*varnames, accepted=tuple(accepted)),
    st.sets(names, max_size=4),
    st.lists(versions, min_size=1, max_size=4, unique=True),
)


forms = st.sampled_from(["1", "2.0", "2.1"])


def written(choices: dict[str, bool], version: int, expires: int, form: str) -> str:
    """Write a cookie as the server would."""
    pairs = "_".join(f"{name}-{int(is_on)}" for name, is_on in sorted(choices.items()))
    return cookie(pairs, form=form, version=version, expires=expires)


expiries = st.integers(int(NOW.timestamp()) - 5, int(NOW.timestamp()) + 5)
cookies = st.one_of(st.none(), st.text(max_size=400), st.builds(written, states, versions, expiries, forms))


@given(cookies, notices, st.booleans())
def test_nothing_runs_that_was_not_chosen(value: str | None, text: Notice, gpc: bool) -> None:
    decision = decide(value, text, gpc=gpc, now=NOW)
    choice = parse(value)
    for name in decision.granted:
        assert choice is not None
        assert choice.choices[name]
        assert choice.version in text.accepted_versions
        assert choice.expires > NOW.timestamp()
        assert name in text.varnames
        assert choice.gpc or not gpc


@given(cookies, notices, st.booleans())
def test_those_are_asked_who_gave_no_answer_that_stands(value: str | None, text: Notice, gpc: bool) -> None:
    decision = decide(value, text, gpc=gpc, now=NOW)
    choice = parse(value)
    answered = choice is not None and is_valid(choice, text, NOW) and (choice.gpc or not gpc)
    assert decision.ask == (bool(text.optional) and not answered and not gpc)
    assert decision.gpc_honoured == (bool(text.optional) and not answered and gpc)


@given(states, versions, expiries, forms)
def test_what_is_written_is_read_again(
    choices: dict[str, bool], version: int, expires: int, form: str
) -> None:
    choice = parse(written(choices, version, expires, form))
    assert choice is not None
    assert (choice.choices, choice.version, choice.expires) == (choices, version, expires)
    assert choice.gpc == (form == "2.1")


@given(st.text(max_size=500))
def test_no_text_breaks_the_reading(value: str) -> None:
    parse(value)


def test_the_script_takes_short_names_of_the_same_length() -> None:
    found = re.findall(r"\[a-z0-9\](\{[0-9,]+\})", SCRIPT.read_text(encoding="utf-8"))
    assert set(found) == {f"{{1,{MAX_VARNAME}}}"}
