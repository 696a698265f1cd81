"""The check that every fixed word goes through gettext finds what it should, and nothing else."""

from pathlib import Path

import pytest

from check_gettext import check_project, check_python, check_script, check_template

HERE = Path("some/file")


def lines_of_template(source: str) -> list[int]:
    return [complaint.line for complaint in check_template(HERE, source)]


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        "<p>{{ name }}, hello</p>",
        '<img src="a.png" alt="A shelf">',
        '<button aria-label="Close"></button>',
        '<input type="submit" value="Send">',
        '<meta name="description" content="A shop">',
        '<p>{{ name|default:"Nobody" }}</p>',
        '{% include "components/card.html" with heading="Our shelves" %}',
        '{% translate "Hello" %} world',
        "{% blocktranslate %}Hello{% endblocktranslate %} world",
        "<p>{{ count }} version{{ count|pluralize }}</p>",
    ],
)
def test_it_finds_fixed_words_in_a_template(source: str) -> None:
    assert lines_of_template(source) == [1]


@pytest.mark.parametrize(
    "source",
    [
        '<p class="lead">{% translate "Hello" %}</p>',
        '<img src="a.png" alt="{% translate "A shelf" %}">',
        '<img src="a.png" alt="{{ image.description }}">',
        "{% blocktranslate count n=n %}One version{% plural %}{{ n }} versions{% endblocktranslate %}",
        "{# for developers #}{% comment %}for developers{% endcomment %}<!-- for developers -->",
        '<p lang="{{ language|default:"en" }}">1 &ndash; 2 €</p>',
        '{% include "components/card.html" with heading=_("Our shelves") kind="wide" %}',
        '<script type="module" src="{% static "js/a.js" %}"></script>',
        "<a>JSON</a> <a>SHA-256</a>",
    ],
)
def test_it_accepts_a_translated_template(source: str) -> None:
    assert lines_of_template(source) == []


def test_it_names_the_line_of_a_template() -> None:
    source = "{% load i18n %}\n{% blocktranslate %}Two\nlines{% endblocktranslate %}\n<p>\n  Hello</p>"
    assert lines_of_template(source) == [5]


@pytest.mark.parametrize(
    "source",
    [
        'name = models.CharField("name", max_length=10)',
        'name = models.CharField(max_length=10, help_text="Its name")',
        'raise ValidationError("Too long")',
        'raise ValidationError({"name": "Too long"})',
        'raise ValidationError(f"{name} is too long")',
        'raise ValidationError("%s is too long" % name)',
        'messages.success(request, "Saved")',
        'form.add_error("name", "Too long")',
        'panel = MultiFieldPanel([], "Details")',
        'class Meta:\n    verbose_name = "page"',
        'class Kind(models.TextChoices):\n    SHORT = "short", "Short"',
        'class Kind(models.TextChoices):\n    SHORT = "short"',
        'return HttpResponseBadRequest("No such choice")',
    ],
)
def test_it_finds_fixed_words_in_python(source: str) -> None:
    assert len(check_python(HERE, source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        'name = models.CharField(_("name"), max_length=10, help_text=_("Its name"))',
        'page = models.ForeignKey("wagtailcore.Page", on_delete=models.CASCADE)',
        'raise ValidationError(_("%(name)s is too long") % {"name": name})',
        'raise ValidationError({"name": [_("Too long")]})',
        'messages.success(request, _("Saved"))',
        'class Kind(models.TextChoices):\n    SHORT = "short", _("Short")',
        'log.warning("Too long")',
        'label = "%s %s" % (first, last)',
    ],
)
def test_it_accepts_translated_python(source: str) -> None:
    assert check_python(HERE, source) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('status.textContent = "Saved";', 1),
        ("button.setAttribute('aria-label', 'Close');", 1),
        ("alert(`Saved`);", 1),
        ("status.textContent = bar.dataset.saved;", 0),
        ('status.textContent = "";', 0),
        ("button.setAttribute('aria-expanded', 'true');", 0),
    ],
)
def test_it_finds_fixed_words_in_scripts_for_the_browser(source: str, found: int) -> None:
    assert len(check_script(HERE, source)) == found


def test_it_looks_at_every_place_where_words_are(tmp_path: Path) -> None:
    for name in ("templates/a.html", "home/templates/home/b.txt", "forms/views.py", "static/js/c.js"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('alert("Hello"); raise(ValidationError("Hello"))', encoding="utf-8")
    found = {str(complaint.path) for complaint in check_project(tmp_path)}
    assert found == {"templates/a.html", "home/templates/home/b.txt", "forms/views.py", "static/js/c.js"}


def test_the_project_has_no_fixed_words() -> None:
    assert check_project() == []
