"""Files that come with a form: judged by what they hold, before anything is saved.

What may be attached is for `sheets.attached` to say, how much of it for the school's limits.
"""

from typing import Any, Final

from django import forms

from guantong.records.actions.attachments import limit
from guantong.sheets import attached
from guantong.sheets.preflight import MEBI, Refusal

AGAIN: Final = "照片要重新选一次。"  # no browser keeps chosen files in a form that comes back
NO_PHOTO: Final = (
    "内容不是 JPEG 或 PNG 照片（改扩展名不行）。手机拍的 HEIC 请另存为 JPEG 再选；"
    "PDF、Word 等文件保存记录后在“附件”里添加。"
)
LONGEST_NAME: Final = 40


class AttachedField(forms.FileField):
    """One file; its clean value is what to keep."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        uploaded = super().clean(data, initial)
        return checked(uploaded) if uploaded else None


class PhotosInput(forms.FileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Any number of pictures, drawn anew without place and camera; equal ones once."""

    widget = PhotosInput(attrs={"accept": "image/jpeg,image/png"})

    def clean(self, data: Any, initial: Any = None) -> list[attached.Checked]:
        found = {}
        for uploaded in data or ():
            try:
                one = _photo(super().clean(uploaded, initial))
            except forms.ValidationError as error:
                name = (uploaded.name or "")[-LONGEST_NAME:]
                why = "".join(error.messages)
                raise forms.ValidationError(f"“{name}”：{why}{AGAIN}") from None
            found[one.content] = one
        return list(found.values())


def _photo(uploaded: Any) -> attached.Checked:
    start = uploaded.read(len(attached.PNG))
    if not start.startswith((attached.JPEG, attached.PNG)):
        raise forms.ValidationError(NO_PHOTO)
    uploaded.seek(0)
    return checked(uploaded)


def checked(uploaded: Any) -> attached.Checked:
    most = limit("attachment_mb")
    content = uploaded.read(most * MEBI + 1)
    try:
        return attached.checked(
            uploaded.name or "", content, most_mb=most, photos=bool(limit("images"))
        )
    except Refusal as refusal:
        raise forms.ValidationError(refusal.text) from None
