"""Made-up minutes in the habits that minutes are written in, with what is in each.

Nobody in them exists. `holds` is what a person finds in them; `in_doubt` are fields that the
rules leave empty, whether or not a person would find them.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Example:
    habit: str
    text: str
    holds: dict[str, Any] = field(default_factory=dict)
    in_doubt: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.strip()]


EXAMPLES = [
    Example(
        "逐行写标签",
        """
文学院教师第二党支部主题党日活动记录
时间：2023年6月14日下午3:00
地点：文科楼201
主持人：王丁樟
记录人：李木子
主题：学习二十大精神
出席人员：王丁樟、李木子、赵一凡、周小舟
缺席人员：吴远航（出差）、郑可（病假）
会议内容：
王丁樟领学，大家讨论。
""",
        {"held_on": "2023-06-14", "starts_at": "15:00", "place": "文科楼201", "kind": "theme_day",
         "title": "学习二十大精神", "chair": "王丁樟", "recorder": "李木子",
         "present": ("王丁樟", "李木子", "赵一凡", "周小舟"), "absent": ("吴远航", "郑可")},
    ),
    Example(
        "表格，两列一对",
        """
支部委员会会议记录
会议时间\t2023.5.9 9:30\t会议地点\t行政楼305
主持人\t陈立\t记录人\t孙晓
参会人员\t陈立，孙晓，何敏
缺席人员及原因\t无
会议议题\t1.研究发展对象名单
2.安排六月主题党日
会议决议\t1.同意确定何敏联系的两名同志为发展对象
2.六月二十日开展主题党日
""",
        {"held_on": "2023-05-09", "starts_at": "09:30", "place": "行政楼305",
         "kind": "branch_committee", "chair": "陈立", "recorder": "孙晓",
         "present": ("陈立", "孙晓", "何敏"),
         "agenda": ("研究发展对象名单", "安排六月主题党日"),
         "decided": ("同意确定何敏联系的两名同志为发展对象", "六月二十日开展主题党日")},
    ),
    Example(
        "标题编号，值在下一行",
        """
党员大会会议记录
一、时间
2023年3月28日（星期二）晚上7点半
二、地点
学生活动中心 2 号报告厅
三、主持
马晓东
四、出席党员
马晓东 张 三 李小四 欧阳明月
五、请假人员
王 五（实习）
六、会议议程
（一）通报第一季度工作
（二）讨论接收预备党员
""",
        {"held_on": "2023-03-28", "starts_at": "19:30", "place": "学生活动中心 2 号报告厅",
         "kind": "branch_assembly", "chair": "马晓东",
         "present": ("马晓东", "张三", "李小四", "欧阳明月"), "absent": ("王五",),
         "agenda": ("通报第一季度工作", "讨论接收预备党员")},
    ),
    Example(
        "方括号标签，一行几项",
        """
【会议名称】党课
【时间】2022-11-03 14:00-15:30；【地点】图书馆报告厅
【主讲人】钱学文；【主持人】冯春
【党课题目】《党章的历次修改》
【参加人员】冯春、钱学文、蒋明等 26 人
""",
        {"held_on": "2022-11-03", "starts_at": "14:00", "ends_at": "15:30",
         "place": "图书馆报告厅",
         "kind": "party_lecture", "lecturer": "钱学文", "chair": "冯春",
         "title": "党章的历次修改", "present": ("冯春", "钱学文", "蒋明")},
    ),
    Example(
        "汉字日期",
        """
组织生活会记录
时　间：二〇二二年十二月二十日上午九时
地　点：三教二楼会议室
主 持 人：沈国良
记 录 人：韩雪
列席人员：学院党委委员 杨帆
""",
        {"held_on": "2022-12-20", "starts_at": "09:00", "place": "三教二楼会议室",
         "kind": "org_life_meeting", "guests": ("杨帆",),
         "chair": "沈国良", "recorder": "韩雪"},
        in_doubt=("starts_at", "guests"),
    ),
    Example(
        "日期在标题，没有标签",
        """
2023年4月18日党小组会记录
地点：实验楼B座407
主持：秦岭
参加人：秦岭、许诺、何田田
学习内容：全国两会精神
""",
        {"held_on": "2023-04-18", "place": "实验楼B座407", "kind": "group_meeting",
         "chair": "秦岭", "present": ("秦岭", "许诺", "何田田")},
    ),
    Example(
        "日期不全",
        """
主题党日记录
时间：6月16日 下午
地点：校史馆
主持人：吕新
出席人员：全体党员
""",
        {"place": "校史馆", "kind": "theme_day", "chair": "吕新"},
        in_doubt=("held_on", "present", "starts_at"),
    ),
    Example(
        "几天的培训",
        """
活动名称：集中学习
活动时间：2023年5月12日至5月14日
活动地点：东江干部学院
主持人：施展、陶然
""",
        {"place": "东江干部学院"},
        in_doubt=("held_on", "kind", "chair"),
    ),
    Example(
        "两类合开",
        """
党员大会暨主题党日活动记录
时间：2023年6月30日3:30
地点：大礼堂
记录员：姜楠同志
缺席：无
""",
        {"held_on": "2023-06-30", "place": "大礼堂", "recorder": "姜楠"},
        in_doubt=("kind", "starts_at"),
    ),
    Example(
        "一段话",
        """
会议纪要
2023年2月24日下午，支部在二教308召开支委会，会议由戚薇主持，谢安、邹平参加。会议研究了全年工作计划。
""",
        {"held_on": "2023-02-24", "kind": "branch_committee", "place": "二教308", "chair": "戚薇",
         "present": ("谢安", "邹平"), "agenda": ("全年工作计划",)},
        in_doubt=("place", "chair", "present", "agenda"),
    ),
    Example(
        "前后不一",
        """
支委会会议记录
会议时间：2023年1月10日 10:00
会议地点：办公楼101
主持人：喻川
会议议题：研究寒假安排
决议：寒假期间每两周线上学习一次。
备注：原定地点有变
地点：办公楼102
""",
        {"held_on": "2023-01-10", "starts_at": "10:00", "kind": "branch_committee",
         "chair": "喻川", "agenda": ("研究寒假安排",), "decided": ("寒假期间每两周线上学习一次",)},
        in_doubt=("place",),
    ),
    Example(
        "名单分行",
        """
民主评议党员会议记录
时间：2022年12月28日14:30
地点：线上（腾讯会议）
主持人：柏青
记录人：水清
出席党员（共7人）：
柏青、水清、窦唯一
章程、云飞扬
苏醒、潘多
请假党员
葛优良（课程冲突）
会议内容：
逐人评议。
""",
        {"held_on": "2022-12-28", "starts_at": "14:30", "place": "线上（腾讯会议）",
         "kind": "appraisal", "chair": "柏青", "recorder": "水清",
         "present": ("柏青", "水清", "窦唯一", "章程", "云飞扬", "苏醒", "潘多"),
         "absent": ("葛优良",)},
    ),
]  # fmt: skip
