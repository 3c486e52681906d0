"""Long work whose progress can be watched and left."""

from django.db import models
from django.db.models import Q


class Job(models.Model):
    """Grain: one piece of long work. `done` of `total` steps; `ended_at` null while it runs.

    `seen_at` is renewed with each step: work that has not been seen for long has died.
    `trouble` is empty unless it failed.
    """

    kind = models.CharField(max_length=40)
    done = models.IntegerField(default=0)
    total = models.IntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    trouble = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=Q(ended_at=None), name="one_job_of_a_kind"
            )
        ]
