"""Accounts. What an account may do is not here: roles come from grants and posts."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from guantong.records.models.person import Person


class User(AbstractUser):
    """Grain: one account. `person` null: nobody on the roll, so no role follows from posts."""

    person = models.OneToOneField(
        Person, models.PROTECT, null=True, blank=True, related_name="user", verbose_name="党员"
    )

    def __str__(self) -> str:
        return self.called

    @property
    def called(self) -> str:
        """The name by which others know this account's owner."""
        return self.first_name or self.username
