"""The persons of the sample school. Nobody is meant by any of them.

A name is a surname, a heavenly stem and a plant, so every one can be told for invented at sight.
ID numbers exist for the cast alone, and phones too: the region code 000000 and the prefix 100
are given to nobody, though the check digit of the former is right.
"""

from datetime import date

from guantong.periods import add_months
from guantong.records import id_number, names, sealing
from guantong.records.actions.sample import gaps
from guantong.records.actions.sample.days import SINCE, between, chance
from guantong.records.models import Person

SURNAMES = "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕张孔曹严金魏陶姜"
STEMS = "甲乙丙丁戊己庚辛壬癸"
PLANTS = "松柏竹梅兰荷桂枫桐槐柳杏桃榆樟茶菊葵芦蒲"
GROWN_UP = 18


class People:
    """Everyone who ever was a member, with ids given as they turn up."""

    def __init__(self) -> None:
        self.all: list[Person] = []
        self.numbered: dict[str, Person] = {}
        self.rng = chance("people")
        self.names = [a + b + c for a in SURNAMES for b in STEMS for c in PLANTS]
        self.rng.shuffle(self.names)

    def new(self, born: range, joined: tuple[date, date], number: str = "") -> Person:
        """Somebody born in one of the years who joined between two days."""
        pk, name = len(self.all) + 1, self.names.pop()
        birth = between(self.rng, date(born.start, 1, 1), date(born.stop - 1, 12, 28))
        first = max(joined[0], add_months(birth, 12 * GROWN_UP))
        joined_on = between(self.rng, min(first, joined[1]), joined[1])
        full = add_months(joined_on, 12)
        spelt = names.pinyin(name)
        person = Person(
            pk=pk,
            name=name,
            pinyin=spelt,
            letters=names.letters(name),
            gender=self.rng.choice("12"),
            birth_date=birth,
            schooling=_completed(birth, pk),
            number=number or f"SL{pk:05}",
            joined_on=joined_on,
            full_member_on=full if full <= SINCE else None,
        )
        self.all.append(person)
        self.numbered[str(person.number)] = person
        return person


def _completed(born: date, pk: int) -> str:
    """The youngest are still studying: what they completed before."""
    if born.year >= 2000:
        return "senior_school"
    return "undergraduate" if born.year >= 1995 or pk % 3 == 0 else "postgraduate"


def invalid_id_number(person: Person) -> str:
    """An ID number that is well-formed and that nobody can have."""
    assert person.birth_date is not None
    first = f"000000{person.birth_date:%Y%m%d}{person.pk % 100:02}{person.gender}"
    return first + id_number.check_digit(first)


def invalid_phone(person: Person) -> str:
    return f"100{person.pk:08}"


def seal(people: People) -> None:
    """Give the cast ID numbers and phones, sealed as any other."""
    for number in gaps.CAST:
        person = people.numbered[number]
        sealing.seal(person, "id_number", invalid_id_number(person))
        sealing.seal(person, "phone", invalid_phone(person))
