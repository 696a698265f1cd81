"""What the command that checks payments says."""

from io import StringIO

from django.core.management import CommandError, call_command


def said() -> tuple[int, str]:
    """Run the command; return how many lines are wrong, and all that it said."""
    out = StringIO()
    try:
        call_command("check_payments", stdout=out, no_color=True)
    except CommandError as error:
        return int(str(error).split()[0]), out.getvalue()
    return 0, out.getvalue()
