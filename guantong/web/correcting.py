"""Forms that change what is on record already: nothing is overwritten that somebody else changed
after the page was opened.

Such a form carries what its page showed. Where the row says something else by now, the form comes
back with it, once; sent again, it is meant so. Activities and cases, which count their versions,
do the same by them.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from guantong.records import clock
from guantong.records.access import Conflict
from guantong.records.actions import rows
from guantong.records.models.span import Span
from guantong.web.acting import ActionForm, DayField

type Reads = Callable[[Any], Mapping[str, object]]
SEALED: Final = "（加密保存）"


class CorrectingForm(ActionForm):
    """`of`: the row that it is about; `reads`: what the page shows of it, by the fields of the
    form or else of the row. `sealed`: fields of which the value is never told.
    """

    shown = forms.CharField(required=False, widget=forms.HiddenInput)
    sealed: frozenset[str] = frozenset()

    def __init__(self, *args: Any, of: Model | None, reads: Reads, **more: Any) -> None:
        super().__init__(*args, **more)
        self.of, self.reads = of, reads
        self.initial["shown"] = json.dumps(self._read(of), ensure_ascii=False)

    def row(self) -> Model | None:
        """The row that sending the form would change; None where it makes one."""
        return self.of

    def outcome[Row](self, act: Callable[..., Row]) -> Row | None:
        def carry_out(**given: Any) -> Row:
            given.pop("shown")
            with transaction.atomic():
                self._require_as_shown()
                return act(**given)

        return super().outcome(carry_out)

    def _read(self, row: Model | None) -> dict[str, str]:
        told = self.reads(row) if row else {}
        return {name: "" if value is None else str(value) for name, value in told.items()}

    def _require_as_shown(self) -> None:
        if "shown" not in self.data:  # sent by hand, without the page
            return
        found = self.row()
        now, seen = self._read(rows.locked(found) if found else None), self._seen()
        changed = {
            name: text
            for name, text in now.items()
            if text != seen.get(name, "") and not self._alike(name, self._typed(name), text)
        }
        if changed:
            assert found is not None
            labels = {f.name: str(f.verbose_name) for f in found._meta.concrete_fields}
            reasons = {name: self._says(name, text, seen) for name, text in changed.items()}
            self._renew(now, changed, seen)
            raise Conflict.about(reasons, labels)

    def _seen(self) -> dict[str, str]:
        try:
            told = json.loads(self.data["shown"])
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}

    def _typed(self, name: str) -> str:
        return str(self.data.get(name, ""))

    def _alike(self, name: str, one: str, other: str) -> bool:
        """Whether two texts say the same in a field; of one that is not in the form, nothing."""
        if name not in self.fields:
            return False
        texts = [text.replace("\r\n", "\n").strip() for text in (one, other)]
        try:
            first, second = map(self.fields[name].to_python, texts)
        except ValidationError:
            return texts[0] == texts[1]
        return bool(first == second)

    def _says(self, name: str, now: str, seen: Mapping[str, str]) -> str:
        text = SEALED if name in self.sealed else self._words(name, now)
        if not seen:
            return f"已登记为“{text}”。要改成您填的，再保存一次。"
        if self._left(name, seen):
            return f"您打开这一页以后，别人改成了“{text}”，这里已换成新的；核对后再保存一次。"
        return f"您打开这一页以后，别人改成了“{text}”。要按您填的，再保存一次。"

    def _left(self, name: str, seen: Mapping[str, str]) -> bool:
        """Whether the user did not touch the field."""
        return self._alike(name, self._typed(name), seen.get(name, ""))

    def _words(self, name: str, text: str) -> str:
        offered = getattr(self.fields.get(name), "choices", ())
        for value, word in offered:
            pairs = word if isinstance(word, list | tuple) else [(value, word)]
            for code, title in pairs:
                if str(code) == text:
                    return str(title)
        return text or "空"

    def _renew(
        self, now: Mapping[str, str], changed: Mapping[str, str], seen: Mapping[str, str]
    ) -> None:
        """The page that comes back shows what is on record now, and keeps what was typed."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data["shown"] = json.dumps(now, ensure_ascii=False)
        for name, text in changed.items():
            if seen and name not in self.sealed and self._left(name, seen):
                data[name] = text
        self.data = data


class EndForm(CorrectingForm):
    """The end of something that lasts. `strike`: takes it away as a mistake, which is what an end
    on its first day means; without it such an end is refused.
    """

    on = DayField(label="从哪一天起不再有效", help_text="这一天是结束后的第一天。")

    def __init__(
        self, *args: Any, of: Span, strike: Callable[[], Any] | None = None, **more: Any
    ) -> None:
        today = {"on": clock.today()}
        super().__init__(*args, of=of, reads=_ends, initial=today, **more)
        self.first, self.strike = of.valid_from, strike
        if strike:
            self.fields["on"].help_text = (
                "这一天是结束后的第一天。"
                f"登记错了的，填开始的那一天 {self.first}：整条去掉，内容留在操作记录里。"
            )

    def outcome[Row](self, act: Callable[..., Row]) -> Row | None:
        def carry_out(on: date) -> Row:
            return self.strike() if self.strike and on == self.first else act(on=on)

        return super().outcome(carry_out)

    def says(self, ended: str) -> str:
        struck = self.cleaned_data["on"] == self.first
        return "已去掉有误的登记，内容留在操作记录里。" if struck else ended


def _ends(row: Span) -> dict[str, object]:
    return {"valid_to": row.valid_to}
