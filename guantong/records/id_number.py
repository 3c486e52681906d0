"""The 18-digit ID number (GB 11643-1999): written one way, and checked. Knows no database."""

from datetime import date

WEIGHTS = [2 ** (17 - place) % 11 for place in range(17)]
CHECK_DIGITS = "10X98765432"
FULL_WIDTH = str.maketrans("０１２３４５６７８９Ｘｘ", "0123456789XX")


def tidy(text: str) -> str:
    """Return the number without blanks, with half-width digits and a capital X."""
    return "".join(text.split()).translate(FULL_WIDTH).upper()


def problem(number: str) -> str:
    """Why a tidy number cannot be right, in Chinese; empty if it can."""
    if len(number) != 18:
        return f"身份证号应为 18 位，现在是 {len(number)} 位"
    if not (number[:17].isascii() and number[:17].isdigit() and number[17] in "0123456789X"):
        return "身份证号只能是数字，末位可以是 X"
    if birth_date(number) is None:
        return f"身份证号第 7-14 位“{number[6:14]}”不是日期"
    if check_digit(number[:17]) != number[17]:
        return "身份证号校验位不对，请核对是否抄错或被 Excel 改成了数值"
    return ""


def check_digit(first17: str) -> str:
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, first17, strict=True))
    return CHECK_DIGITS[total % 11]


def birth_date(number: str) -> date | None:
    """The day in a number of 18 digits; None if there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def gender(number: str) -> str:
    """The code of GB/T 2261.1: an odd 17th digit is a man's."""
    return "1" if int(number[16]) % 2 else "2"
