"""A minutes file beside the record form: filled in, marked, saved by a person."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from guantong.records.models import Activity, Event, User
from tests.factories import Cast, make_person, owner
from tests.sheets.test_minutes import in_word
from tests.web.answers import shown
from tests.web.record_form import fields, missing

type SignIn = Callable[[User], Client]
TEXT = [
    "主题党日活动记录",
    "时间：2023年6月14日下午3:00到5:15；地点：文科楼201",
    "主持人：支书甲\t记录人：外人丙",
    "出席人员：支书甲、新人一",
    "缺席人员：党员甲 出差、同名者",
    "会议议题：1.学习文件",
]


def upload(client: Client, text: list[str], org: Any = None) -> Any:
    file = SimpleUploadedFile("记录.docx", in_word(text))
    query = f"?org={org.pk}" if org else ""
    return client.post(f"/activities/minutes/{query}", {"minutes": file})


def test_what_was_read_is_in_the_form_and_the_text_beside_it(as_: SignIn, cast: Cast) -> None:
    make_person("新人一", cast.branch)
    response = upload(as_(cast.secretary), TEXT)
    assert response.status_code == 200
    form = response.context["form"]
    values = {name: str(form[name].value()) for name in form.fields}

    assert values["held_on"] == "2023-06-14"
    assert values["kind"] == "theme_day"
    assert (values["place"], values["starts_at"]) == ("文科楼201", "15:00")
    assert (values["ends_at"], values["hours"]) == ("17:15", "3")
    assert values["chair"] == str(owner(cast.secretary).pk)
    absent = {p.name: p.reason for p in form.people.expected if p.ticked}
    assert absent == {"党员甲": "出差"}
    assert "学习文件" in values["summary"]
    marks = {mark.title: mark for mark in response.context["marks"]}
    assert marks["地点"].line == 2
    assert marks["记录"].doubt == "“外人丙”不在名册里"
    assert values["recorder"] in ("", "None")
    assert response.context["notes"] == ["缺席的“同名者”不在名册里"]
    assert "文科楼201" in shown(response)
    assert not Activity.objects.exists()


def test_two_of_one_name_are_a_doubt_and_an_unknown_day_stays_empty(
    as_: SignIn, cast: Cast
) -> None:
    for _ in range(2):
        make_person("重名者", cast.branch)
    response = upload(as_(cast.secretary), ["支部党员大会", "时间：6月14日", "主持人：重名者"])
    form = response.context["form"]

    assert form["held_on"].value() == ""
    assert form["chair"].value() in ("", None)
    doubts = {mark.title: mark.doubt for mark in response.context["marks"] if mark.doubt}
    assert doubts == {"主持": "“重名者”在名册里有同名的人", "日期": "日期写得不全，缺年、月或日"}


@pytest.mark.parametrize(
    ("said", "came"),
    [
        ("出席人员：全体党员", {"党员甲", "支书甲"}),
        ("缺席：党员甲（病假）\n出席：其余全体党员", {"支书甲"}),
        ("缺席：1 人\n出席：其余党员", set()),  # not who
        ("出席人员：支书甲 党 员 甲", set()),  # who is meant is in doubt
        ("出席人员：除党员甲外全体党员", set()),
        ("主持人：支书甲", set()),  # it does not tell
        ("出席人员：全体党员，党员甲请假", set()),  # somebody among them did not come
        ("出席人员：支书甲、党员甲（病假）", set()),
    ],
)
def test_nobody_is_present_whom_the_document_does_not_tell(
    as_: SignIn, cast: Cast, said: str, came: set[str]
) -> None:
    response = upload(
        as_(cast.secretary), ["支部党员大会", "时间：2023年6月14日", *said.split("\n")]
    )
    assert {row.name for row in response.context["form"].people.present} == came


def test_who_is_known_to_be_absent_stays_so_whichever_way_it_is_ticked(
    as_: SignIn, cast: Cast
) -> None:
    client = as_(cast.secretary)
    make_person("新人一", cast.branch)
    text = ["支部党员大会", "时间：2023年6月14日", "缺席：党员甲（病假）", "出席：支书甲"]
    page = upload(client, text)  # of one nothing is said
    typed = fields(page) | {"document": page.context["document"]}
    assert "缺席</span>" in shown(page)
    turned = fields(client.post("/activities/minutes/", typed | {"switch": "1"}))
    assert turned["tick"] == "absent"
    assert len(turned["absent"]) == 2  # all but who was ticked as present
    assert turned[f"reason-{owner(cast.member).pk}"] == "病假"
    client.post("/activities/minutes/", typed)
    assert missing(Activity.objects.get()) == {"党员甲": "病假"}


def test_the_agenda_of_a_meeting_is_in_its_own_fields(as_: SignIn, cast: Cast) -> None:
    text = ["支部党员大会", "时间：2023年6月14日", "议题：", "1.学习文件", "2.选举", "决议：同意"]
    form = upload(as_(cast.secretary), text).context["form"]
    assert [row.title for row in form.rows.agenda] == ["学习文件", "选举"]
    assert form["summary"].value() == "同意"  # on which of them is not said
    form = upload(as_(cast.secretary), [*text[:4], text[-1]]).context["form"]
    assert [(row.title, row.resolution) for row in form.rows.agenda] == [("学习文件", "同意")]


def test_who_sat_in_goes_where_the_kind_has_a_field_for_it(as_: SignIn, cast: Cast) -> None:
    sat_in = ["时间：2023年6月14日", "列席：组织员甲"]
    page = upload(as_(cast.secretary), ["支委会", *sat_in])
    assert page.context["form"]["own-sitting_in"].value() == [str(owner(cast.officer).pk)]
    marks = upload(as_(cast.secretary), ["支部党员大会", *sat_in]).context["marks"]
    assert next(mark for mark in marks if mark.title == "列席").doubt.startswith("这一类没有")


def test_it_is_saved_by_the_form_and_keeps_its_text_while_something_is_wrong(
    as_: SignIn, cast: Cast
) -> None:
    client = as_(cast.secretary)
    response = upload(client, TEXT[:3])
    typed = fields(response) | {"document": response.context["document"]}
    wrong = client.post("/activities/minutes/", typed | {"held_on": "2099-13-01"})
    assert wrong.status_code == 422
    assert wrong.context["lines"][1].text == TEXT[1]

    saved = client.post("/activities/minutes/", typed)
    assert saved.status_code == 302
    activity = Activity.objects.get()
    assert (str(activity.held_on), activity.place) == ("2023-06-14", "文科楼201")
    assert Event.objects.filter(verb="activity.recorded", by=cast.secretary).count() == 1


def test_it_is_for_those_who_may_record_there(as_: SignIn, cast: Cast) -> None:
    for user, org in ((cast.member, None), (cast.stranger, None), (cast.inspector, cast.branch),
                      (cast.secretary, cast.other_branch)):  # fmt: skip
        assert upload(as_(user), TEXT, org).status_code in (403, 404)
    refused = as_(cast.secretary).post(
        "/activities/minutes/", {"minutes": SimpleUploadedFile("a.docx", b"%PDF-1.7 x")}
    )
    assert refused.status_code == 422
    assert "PDF" in shown(refused)
