"""How names are spelt and sorted, and which ID numbers can be."""

from datetime import date

import pytest

from guantong.records import id_number, names


@pytest.mark.parametrize(
    ("name", "spelt", "initials"),
    [
        ("张三", "zhang san", "zs"),
        ("曾国藩", "zeng guo fan", "zgf"),
        ("欧阳修", "ou yang xiu", "oyx"),
        ("阿不都·买买提", "a bu dou mai mai ti", "abdmmt"),
        ("Tom 李", "tom li", "tl"),
        ("", "", ""),
    ],
)
def test_names_are_spelt_as_people_say_them(name: str, spelt: str, initials: str) -> None:
    assert names.pinyin(name) == spelt
    assert names.initials(spelt) == initials


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("张三", "|zhangsan|zs|"),
        ("曾国藩", "|zengguofan|zgf|cengguofan|cgf|"),
        ("单于海", "|chanyuhai|cyh|shanyuhai|syh|"),
        ("卜算", "|busuan|bs|"),
        ("", "||"),
    ],
)
def test_a_name_is_found_by_every_way_to_spell_it(name: str, letters: str) -> None:
    assert set(names.letters(name).split("|")) >= set(letters.split("|"))


def test_titles_sort_by_sound_and_by_number() -> None:
    titles = ["第三党支部", "第一党支部", "第二党支部"]
    assert sorted(titles, key=names.sort_key) == ["第一党支部", "第二党支部", "第三党支部"]


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_right_numbers_pass(number: str) -> None:
    assert id_number.problem(number) == ""


@pytest.mark.parametrize("place", range(18))
def test_a_wrong_digit_in_any_place_is_found(place: int) -> None:
    right = "11010519491231002X"
    for digit in "0123456789":
        wrong = right[:place] + digit + right[place + 1 :]
        assert wrong == right or id_number.problem(wrong)


def test_reasons_name_the_mistake() -> None:
    assert "应为 18 位，现在是 15 位" in id_number.problem("110105491231002")
    assert "只能是数字" in id_number.problem("1101051949123100X2")
    assert "第 7-14 位“19490231”" in id_number.problem("11010519490231002X")


def test_numbers_are_tidied_before_they_are_compared() -> None:
    assert id_number.tidy(" １1010519491231002ｘ ") == "11010519491231002X"
    assert id_number.birth_date("11010519491231002X") == date(1949, 12, 31)
