"""What is wrong with a value that was typed, in plain words and with the remedy.

Django knows what is wrong (the code of a ValidationError) and says it as for programmers; texts of
our own stay as they are. Used for forms and, behind them, for rows.
"""

from typing import Final

from django.core.exceptions import ValidationError
from django.utils.functional import Promise

CHOOSE: Final = "不在可选范围内，请从列出的里面重新选择。"
FILL: Final = "这一项不能空着，请填写。"
WORDS: Final = {
    "required": FILL,
    "blank": FILL,
    "null": FILL,
    "invalid": "写法不对，请核对后重新填写。",
    "max_length": "最多 %(limit_value)d 个字，现在有 %(show_value)d 个，请删短。",
    "min_length": "至少 %(limit_value)d 个字，现在有 %(show_value)d 个，请补足。",
    "min_value": "不能小于 %(limit_value)s，请核对。",
    "max_value": "不能大于 %(limit_value)s，请核对。",
    "max_digits": "数字太长，最多 %(max)s 位，请核对。",
    "max_whole_digits": "数太大，小数点前最多 %(max)s 位，请核对。",
    "max_decimal_places": "小数点后最多 %(max)s 位，请四舍五入。",
    "invalid_choice": CHOOSE,
    "invalid_list": CHOOSE,
    "invalid_pk_value": CHOOSE,
    "missing": "没有收到文件，请重新选择。",
    "empty": "提交的是空文件，请重新选择。",
    "unique": "已有相同的一条，请核对。",
}
OF_KIND: Final = {  # where the same code means something else by the kind of field
    ("invalid", "DecimalField"): "请填数字，如 2 或 1.5。",
    ("invalid", "IntegerField"): "请填整数，如 2。",
    ("invalid", "TimeField"): "请写成 19:30 的样子。",
    ("invalid", "DateField"): "请写成 2023-06-30 的样子。",
    ("invalid", "FileField"): "没有收到文件，请重新选择。",
    ("required", "ChoiceField"): "请选择一项。",
    ("required", "ModelChoiceField"): "请选择一项。",
    ("required", "FileField"): "请选择文件。",
}


def told(error: ValidationError, field: object = None) -> str:
    """One error, about a field of a form or a model if there is one."""
    text = error.message
    if isinstance(text, Promise):  # Django's own, waiting for a language
        code = str(error.code)
        kinds = [kind.__name__ for kind in type(field).__mro__]
        of_kind = [OF_KIND[code, kind] for kind in kinds if (code, kind) in OF_KIND]
        text = of_kind[0] if of_kind else WORDS.get(code, text)
    return str(text) % error.params if error.params else str(text)
