"""People: what is kept about a member, sealed where a leak would harm."""

from functools import reduce
from operator import or_
from typing import Self

from django.db import models
from django.db.models import Q


def spelt(text: str) -> Q:
    """Who is found by part of the name, whatever blanks were typed in it, or by the beginning of
    the pinyin, the initials or the number.
    """
    text = text.strip()
    if not text:
        return Q()
    if not text.isascii():
        spellings = {text, "".join(text.split())}
        return reduce(or_, (Q(name__contains=one) for one in spellings))
    letters = text.lower().replace(" ", "").replace("|", "")
    named = Q(letters__contains=f"|{letters}") if letters else Q(pk=None)
    return named | Q(number__startswith=text)


class PersonQuerySet(models.QuerySet["Person"]):
    def search(self, text: str) -> Self:
        return self.filter(spelt(text))

    def in_order(self) -> Self:
        return self.order_by("pinyin", "name", "id")


_Everyone = models.Manager.from_queryset(PersonQuerySet)


class PersonManager(_Everyone["Person"]):
    """Everybody; a person who was merged into another is only in `Person.everyone`."""

    def get_queryset(self) -> PersonQuerySet:
        return PersonQuerySet(self.model, using=self._db).filter(merged_into=None)


class Person(models.Model):
    """Grain: one person who is or was a member here, or on the way. Null means "not known".

    `merged_into`: this row turned out to be the same person as another, which holds all now.

    `id_number`, `phone` and `address` are sealed and bound to this row's id, so a row is saved
    before they are (see `records.sealing`); `id_index` finds equal ID numbers without opening any.
    `letters` are all spellings of the name that a search may begin with ("|zengguofan|zgf|").
    `schooling`, the highest completed, is a code of kinds.yaml.
    `gender` is a code of GB/T 2261.1 (0 unknown, 1 male, 2 female, 9 not stated).
    """

    name = models.CharField("姓名", max_length=60, db_index=True)
    pinyin = models.CharField(max_length=200, db_index=True, editable=False)
    letters = models.CharField(max_length=500, editable=False)
    gender = models.CharField("性别", max_length=1, null=True, blank=True)  # noqa: DJ001
    birth_date = models.DateField("出生日期", null=True, blank=True)
    schooling = models.CharField("学历", max_length=20, null=True, blank=True)  # noqa: DJ001
    number = models.CharField("学工号", max_length=40, null=True, blank=True, unique=True)
    id_number = models.BinaryField("身份证号", null=True)
    id_index = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001
    phone = models.BinaryField("手机号", null=True)
    address = models.BinaryField("通信地址", null=True)
    joined_on = models.DateField("入党时间", null=True, blank=True)
    full_member_on = models.DateField("转正时间", null=True, blank=True)

    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="merged"
    )

    objects = PersonManager()
    everyone = PersonQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
