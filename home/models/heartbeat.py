"""When the worker last did something: whoever asks whether the site is well must know that it runs."""

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

# Some of its jobs take minutes: the daily check of a large ledger, a mail server that hangs.
LONGEST_JOB = timedelta(minutes=10)


class WorkerHeartbeat(models.Model):
    """One row, for all workers. Its time is the database's: the machines of worker and web may differ."""

    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("heartbeat of the worker")

    def __str__(self) -> str:
        return str(self.at)

    @classmethod
    def beat(cls) -> None:
        """Note that a worker runs."""
        cls.objects.update_or_create(pk=1, defaults={"at": Now()})

    @classmethod
    def is_heard(cls) -> bool:
        """Return whether a worker did something lately."""
        return cls.objects.filter(at__gt=Now() - LONGEST_JOB).exists()
