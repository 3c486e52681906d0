"""What few may know of a person; every field is sealed, and each has a purpose of its own."""

from django.db import models

from guantong.records.models.person import Person


class Restricted(models.Model):
    """Grain: one person of whom something of this is kept. Null means "nothing kept".

    Values are bound to this row's id (see `records.sealing`). `wage`: the monthly base of dues in
    yuan; `hardship`: what kind of help is needed; `political_review`: its conclusion and day.
    """

    person = models.OneToOneField(
        Person, models.PROTECT, related_name="restricted", verbose_name="人员"
    )
    wage = models.BinaryField("党费计算基数", null=True)
    hardship = models.BinaryField("困难情况", null=True)
    political_review = models.BinaryField("政治审查结论", null=True)
