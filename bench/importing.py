"""A roll of 50,000 rows on its way in: how long until the preview stands, and what it takes.

The school has 1,200 organisations and as many members as the file has rows; most rows are as on
record, some have changed, some are new, some are wrong. The peer is the limit that was set.
"""

import contextlib
import random
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench import school
from bench.timing import Differs, Line, in_child, now
from dev import postgres

ROWS = 50_000
FILE = "roll.xlsx"
BRANCHES, COLLEGES = 1_150, 49
SECONDS, MEBIBYTES = 20, 500
JOINED = date(2019, 7, 1)
HEADER = ["姓名", "公民身份号码", "人员类别", "所在党支部", "入党时间", "转正时间", "学号", "手机"]
CHANGED, NEW, WRONG = 0.10, 0.05, 0.01  # shares of the rows


def lines(place: Path, times: int, *, with_postgres: bool) -> Iterable[Line]:
    with ExitStack() as stack:
        places = [school.Place(place / "importing")]
        if with_postgres:
            url = stack.enter_context(postgres.server())
            places.append(school.Place(places[0].data, url))
        for each in places:
            each.data.mkdir(parents=True, exist_ok=True)
            in_child(fill, each)
            in_child(write, each)
            told, peak = in_child(preview, each)
            note = "，".join(f"{what} {n}" for what, n in told["counts"].items() if n)
            about = f"预览 {ROWS:,} 行 {each.engine}"
            yield Line(about, told["seconds"], SECONDS, note=note, goal=1)
            most = max(peak, told["child"])
            note = f"读文件的子进程 {told['child']:.0f}"
            yield Line(f"{about} 内存", most, MEBIBYTES, "MiB", note, goal=1)
            yield Line(f"{about} 打开一页", told["page"], 0.3, note="第 1 页，服务器上", goal=1)


def fill(place: school.Place) -> None:
    """Put the school and the members there."""
    school.enter(place)
    from django.core.management import call_command

    from guantong.records.actions import orgs
    from guantong.records.actions import school as schools
    from guantong.records.models import Org, School

    call_command("migrate", verbosity=0)
    if School.objects.exists():
        return
    schools.set_up(
        name="示例大学", records_since=JOINED, plan="jyu-2021-2023", today=date(2023, 6, 15)
    )
    top = orgs.plant(name="示例大学党委", kind="school_committee", parent=None, valid_from=JOINED)
    colleges = [
        orgs.plant(name=f"第{i}学院党委", kind="college_committee", parent=top, valid_from=JOINED)
        for i in range(COLLEGES)
    ]
    for i in range(BRANCHES):
        orgs.plant(
            name=f"第{i}党支部", kind="branch", parent=colleges[i % COLLEGES], valid_from=JOINED,
            category="student",
        )  # fmt: skip
    _enrol(list(Org.objects.filter(kind="branch").order_by("pk")))


def _enrol(branches: list[Any]) -> None:
    from guantong.records import names, sealing
    from guantong.records.models import Membership, Person

    people = [
        Person(
            pk=i + 1, birth_date=born, number=number, gender="21"[int(id_number[16]) % 2],
            joined_on=date(2020, 9, 1), full_member_on=date(2021, 9, 1), name=name,
            **names.spelt(name),
        )
        for i, (name, id_number, number, _, born) in enumerate(_people())
    ]  # fmt: skip
    for person, (_, id_number, _, phone, _) in zip(people, _people(), strict=True):
        sealing.seal(person, "id_number", id_number)
        sealing.seal(person, "phone", phone)
    Person.objects.bulk_create(people, batch_size=1000)
    Membership.objects.bulk_create(
        (
            Membership(
                person_id=i + 1, org=branches[i % len(branches)], status="full",
                valid_from=date(2021, 9, 1),
            )
            for i in range(ROWS)
        ),
        batch_size=1000,
    )  # fmt: skip


def _people() -> Iterator[tuple[str, str, str, str, date]]:
    """Name, ID number, student number, phone and birth date: the same every time."""
    from guantong.records.id_number import check_digit

    chance = random.Random(50_000)
    for i in range(ROWS):
        born = date(1990, 1, 1) + timedelta(days=chance.randrange(3650))
        first = f"{110101 + i % 900}{born:%Y%m%d}{chance.randrange(1000):03}"
        name = "".join(chr(0x4E00 + chance.randrange(5000)) for _ in range(3))
        yield name, first + check_digit(first), f"S{i:06}", f"138{i:08}", born


def write(place: school.Place) -> None:
    """The sheet: all who are on record, some otherwise, and some more."""
    school.enter(place)
    from guantong.sheets.write import table

    chance, rows = random.Random(1), []
    for i, (name, id_number, number, phone, _) in enumerate(_people()):
        row = [name, id_number, "正式党员", f"第{i % BRANCHES}党支部", "2020-09-01", "2021-09-01",
               number, phone]  # fmt: skip
        luck = chance.random()
        if luck < CHANGED:
            row[7] = f"139{i:08}"
        elif luck < CHANGED + NEW:
            row = [f"新{name}", "", *row[2:6], f"N{i:06}", row[7]]
        elif luck < CHANGED + NEW + WRONG:
            row[3] = "无此支部"
        rows.append(row)
    (place.data / FILE).write_bytes(table(title="党员名册", header=HEADER, rows=rows))


def preview(place: school.Place) -> dict[str, Any]:
    """What an upload does: read the file, then decide and keep every row, step by step."""
    school.enter(place)
    import resource

    from django.test import Client
    from django.urls import reverse

    from guantong.records.actions import grants, imports, users
    from guantong.records.models import User
    from guantong.sheets.parse import parse

    user = User.objects.filter(username="office").first()
    if user is None:
        user = users.open_account(
            by=None, username="office", name="office", password="guantong-demo"
        )
        grants.give(by=None, user=user, role="school_office", org=None, valid_from=JOINED)
    content = (place.data / FILE).read_bytes()
    start = now()
    parsed = parse("roll", "名册.xlsx", content)
    batch = imports.preview(by=user, parsed=parsed)
    spent = now() - start
    if batch.reading["counts"]["same"] < ROWS / 2:
        raise Differs(f"not as made: {batch.reading['counts']}")
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    address = reverse("import-batch", args=[batch.pk])
    client.get(address)
    start = now()
    client.get(address)
    page = now() - start
    with contextlib.suppress(OSError):
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"seconds": spent, "child": child, "page": page, "counts": batch.reading["counts"]}
