"""What the catalogue may not say, whoever writes it: the restraint of the product, as a check.

No ranking of people or branches, no online time, no compulsory photo or check-in, no score of
anybody. No grammar of the catalogue has a means for any of these; here is what could still be
smuggled in by a word.

The rule is one of words: a refused word may stand only directly behind a prohibition (不排名,
不得以排名…, 不要求拍照, 无须登录系统). A double negative (不得不…) prohibits nothing.
"""

import re
from collections.abc import Iterator
from typing import Final

from guantong.conditions.parse import Problem

REFUSED: Final = {
    "不给人和支部排名次": (
        r"排名|名次|排行|排位|末位|倒数|[积得]分榜|红黑榜|龙虎榜|\brank|leader_?board"
    ),
    "不登记在线时长、登录次数": (
        r"(?:在线|上线)(?:时长|时间|次数|率)|活跃度|点击[量率]|打开次数|online|log_?in"
        r"|登[录陆](?:系统|平台|率|时长|[^，。；、]{0,8}[次天])"
    ),
    "不强制拍照、打卡、定位": (
        r"(?:照片|图片)(?!展)|相片|拍照|拍摄|截图|截屏|录像|录屏|录制视频|视频(?:留痕|存档|资料)"
        r"|打卡|签到|人脸|刷脸|实时定位|定位(?:打卡|上传)|photo|picture|screenshot|check_?in\b|gps"
    ),
    "不给人的思想和表现打分": (r"打分|扣分|加分|得分|评分|分值|(?<!微)积分|画像|score|profil"),
}
PROHIBITED: Final = re.compile(
    r"(?<!不得)(?<!不能)(?<!不可)(?:不|禁止|严禁|无须|无需)"
    r"(?:得|要求|强制|必|须|以|用|作|做|看){0,2}$"
)
REMEDY: Final = "删去；要说明系统不这样做的，把“不”“不得”“不要求”直接写在这个词前面"


def refused(text: str, at: str) -> Iterator[Problem]:
    """Yield a problem for each restraint that a text shown to people offends against."""
    for reason, pattern in REFUSED.items():
        for found in re.finditer(pattern, text, re.IGNORECASE):
            if not PROHIBITED.search(text, 0, found.start()):
                yield Problem(at, f"“{found[0]}”不能作为要求：本系统{reason}", REMEDY)
                break
