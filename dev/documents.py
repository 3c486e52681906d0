"""Writes the Word templates of `catalogue/documents/` anew: `python -m dev.documents`.

The wording is our own, the layout that of an official letter: A4, title in 22 points, text in 16.
A school changes the .docx files themselves or uploads its own; this only makes the first ones.
"""

import io
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

FOLDER = Path(__file__).parent.parent / "catalogue" / "documents"
ALWAYS = (1980, 1, 1, 0, 0, 0)
TITLE_FONT, TEXT_FONT, HEAD_FONT = "宋体", "仿宋", "黑体"
TO_ABOVE = "{{上级党组织}}："
SIGNED = ("{{党组织}}", "{{今天}}")
ROLL = (("序号", "名单/序号"), ("姓名", "名单/姓名"), ("性别", "名单/性别"),
        ("出生年月", "名单/出生年月"), ("所在党支部", "名单/党支部"))  # fmt: skip


@dataclass(frozen=True)
class Paper:
    """`rows`: pairs of a label and what stands beside it, as a table. `roll`: one row a person."""

    title: str
    to: str = ""
    text: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    roll: tuple[tuple[str, str], ...] = ()
    after: tuple[str, ...] = ()
    signed: tuple[str, ...] = SIGNED


PERSON = (("姓名", "{{姓名}}"), ("性别", "{{性别}}"), ("出生年月", "{{出生年月}}"),
          ("所在党支部", "{{党组织}}"))  # fmt: skip
VOTE = "应到会有表决权的党员{{%s应到会有表决权人数}}名，实到{{%s实到会有表决权人数}}名。"

PAPERS: dict[str, Paper] = {
    # 发展党员
    "recruitment-talk": Paper(
        "入党申请人谈话记录",
        rows=(*PERSON, ("递交申请日期", "{{递交入党申请书日期}}"),
              ("谈话日期", "{{派人同申请人谈话日期}}"), ("谈话人", "{{谈话人}}"),
              ("谈话要点", "\n\n\n\n\n\n"), ("谈话人签名", "\n")),
        signed=(),
    ),
    "recruitment-activist": Paper(
        "关于入党积极分子备案的报告", TO_ABOVE,
        ("经党员推荐或群团组织推优，支部研究，确定下列{{人数}}名同志为入党积极分子。"
         "现将名单报上，请予备案。",),
        roll=ROLL,
    ),
    "recruitment-review": Paper(
        "培养教育考察登记表",
        rows=(*PERSON, ("确定为积极分子", "{{推荐和确定入党积极分子日期}}"),
              ("培养联系人",
               "{{指定培养联系人：培养联系人}} {{指定培养联系人：第二名培养联系人}}"),
              ("考察日期", "{{培养教育考察（每半年一次）日期}}"),
              ("考察意见", "{{培养教育考察（每半年一次）：考察意见}}\n\n\n"),
              ("培养联系人签名", "\n"), ("支部书记签名", "\n")),
        signed=(),
    ),
    "recruitment-notice": Paper(
        "发展对象公示",
        text=("支部拟将下列{{人数}}名同志确定为发展对象，现予公示。公示期间，"
              "对公示的同志有意见的，请以书面或口头形式向支部反映；反映情况要具体、真实。",
              "公示时间：    年  月  日至    年  月  日",
              "联系人：            电话："),
        roll=ROLL,
    ),
    "recruitment-political": Paper(
        "政治审查结论",
        rows=(*PERSON, ("审查日期", "{{政治审查日期}}"), ("方式", "谈话□  查阅材料□  函调□"),
              ("本人情况", "\n\n\n"), ("直系亲属等情况", "\n\n\n"), ("结论", "\n\n")),
    ),
    "recruitment-accept": Paper(
        "关于接收{{姓名}}同志为预备党员的决议",
        text=("{{支部大会讨论接收预备党员日期}}，{{党组织}}召开党员大会，讨论{{姓名}}同志的入党问题。",
              VOTE % (("支部大会讨论接收预备党员：",) * 2)
              + "会前收到不能到会党员的书面意见{{支部大会讨论接收预备党员：会前书面意见份数}}份。",
              "入党介绍人{{入党介绍人}}、{{第二名入党介绍人}}介绍了有关情况。大会认为：",
              "经表决，赞成{{支部大会讨论接收预备党员：赞成}}票，反对{{支部大会讨论接收预备党员：反对}}票，"
              "弃权{{支部大会讨论接收预备党员：弃权}}票，同意接收{{姓名}}同志为预备党员，报上级党委审批。"),
        after=("支部书记：",),
    ),
    "recruitment-request": Paper(
        "关于审批接收预备党员的请示", TO_ABOVE,
        ("经支部党员大会讨论表决，同意接收下列{{人数}}名同志为预备党员。材料齐备，现予报上，请审批。",),
        roll=(*ROLL, ("大会日期", "名单/支部大会讨论接收预备党员日期")),
    ),
    "recruitment-reply": Paper(
        "关于接收预备党员的批复", "{{党组织}}：",
        ("你支部的请示收悉。经党委会逐个讨论表决，同意接收下列{{人数}}名同志为预备党员，"
         "预备期一年，从支部大会通过之日算起。请及时告知本人，编入党支部，举行入党宣誓，并继续教育考察。",),
        roll=(*ROLL, ("预备期起算", "名单/支部大会讨论接收预备党员日期")),
        signed=("{{上级党组织}}", "{{今天}}"),
    ),
    "recruitment-full": Paper(
        "关于{{姓名}}同志转正问题的决议",
        text=("{{支部大会讨论转正日期}}，{{党组织}}召开党员大会，讨论{{姓名}}同志的转正问题。",
              VOTE % (("支部大会讨论转正：",) * 2)
              + "会前收到不能到会党员的书面意见{{支部大会讨论转正：会前书面意见份数}}份。",
              "大会听取了本人的汇报和支部的考察意见。大会认为：",
              "经表决，赞成{{赞成这一决定}}票，反对{{支部大会讨论转正：反对}}票，"
              "弃权{{支部大会讨论转正：弃权}}票，大会决定：{{转正的决定}}。报上级党委审批。"),
        after=("支部书记：",),
    ),
    "recruitment-full-request": Paper(
        "关于审批预备党员转正的请示", TO_ABOVE,
        ("下列{{人数}}名预备党员预备期已满，本人提出了转正申请，支部听取了党小组和党员、群众的意见，"
         "经支部党员大会讨论表决，意见如下。材料齐备，现予报上，请审批。",),
        roll=(*ROLL, ("入党时间", "名单/支部大会讨论接收预备党员日期"),
              ("转正大会日期", "名单/支部大会讨论转正日期"), ("大会决定", "名单/转正的决定")),
    ),
    "recruitment-full-reply": Paper(
        "关于预备党员转正的批复", "{{党组织}}：",
        ("你支部的请示收悉。经党委会逐个讨论表决，同意下列{{人数}}名同志转为正式党员，"
         "党龄从转正时间算起。请及时告知本人，并将材料归档。",),
        roll=(*ROLL, ("转正时间", "名单/转正时间（党龄起算）")),
        signed=("{{上级党组织}}", "{{今天}}"),
    ),
    "recruitment-extension-reply": Paper(
        "关于延长{{姓名}}同志预备期的批复", "{{党组织}}：",
        ("你支部的报告收悉。经研究，同意{{支部大会讨论转正日期}}支部党员大会的决定，"
         "{{姓名}}同志的预备期延长至{{预备期延长至}}。",
         "请把决定和原因告知本人，继续教育和考察，期满后再讨论能否转正。"),
        signed=("{{上级党组织}}", "{{今天}}"),
    ),
    "recruitment-cancelling-reply": Paper(
        "关于取消{{姓名}}同志预备党员资格的批复", "{{党组织}}：",
        ("你支部的报告收悉。经研究，同意{{支部大会讨论转正日期}}支部党员大会的决定，"
         "取消{{姓名}}同志的预备党员资格。",
         "请把决定和原因告知本人，做好思想工作，并将材料归档。"),
        signed=("{{上级党组织}}", "{{今天}}"),
    ),
    # 换届
    "election-request": Paper(
        "关于{{党组织}}换届选举的请示", TO_ABOVE,
        ("{{党组织}}本届委员会任期将满。经{{研究换届工作日期}}会议研究，拟召开党员大会进行换届选举。",
         "一、大会时间：", "二、新一届委员会的组成：", "三、选举办法：",
         "妥否，请批示。"),
    ),
    "election-permit": Paper(
        "关于同意{{党组织}}换届选举的批复", "{{党组织}}：",
        ("你组织{{报换届请示日期}}的请示收悉。经研究，同意召开党员大会进行换届选举。",
         "请按规定酝酿提名候选人，候选人报批后组织选举，并及时报告选举结果。"),
        signed=("{{上级党组织}}", "{{今天}}"),
    ),
    "election-vacancy": Paper(
        "关于{{党组织}}补选的请示", TO_ABOVE,
        ("{{党组织}}委员会在任期中有{{出缺名额}}名委员于{{出缺日期}}出缺（{{出缺原因}}）。"
         "为保持委员会正常工作，拟召开党员大会补选，任期到本届期满为止。",
         "一、大会时间：", "二、补选名额：{{出缺名额}}名", "三、选举办法：",
         "妥否，请批示。"),
    ),
    "election-vacancy-permit": Paper(
        "关于同意{{党组织}}补选的批复", "{{党组织}}：",
        ("你组织{{任期中有人出缺，报补选请示日期}}的请示收悉。经研究，同意召开党员大会补选"
         "{{出缺名额}}名委员。",
         "请按规定酝酿提名候选人，候选人报批后组织选举，并及时报告选举结果。"),
        signed=("{{上级党组织}}", "{{今天}}"),
    ),
    "election-candidates": Paper(
        "关于{{党组织}}委员会委员候选人的请示", TO_ABOVE,
        ("根据上级党组织的批复，{{党组织}}于{{党员推荐人选日期}}组织党员推荐人选，经会议研究，"
         "提出委员候选人{{候选人数}}名，应选{{报委员候选人：委员名额}}名。"
         "候选人的情况和书记、副书记的拟任人选如下，请审批。",),
        rows=(("委员候选人（按姓氏笔画为序）", "\n\n\n\n\n\n"), ("书记拟任人选", "\n"),
              ("副书记拟任人选", "\n"), ("推荐和考察情况", "\n\n\n")),
    ),
    "election-candidates-reply": Paper(
        "关于{{党组织}}委员会委员候选人的批复", "{{党组织}}：",
        ("你组织{{报委员候选人日期}}的请示收悉。经研究，同意下列同志为委员候选人，"
         "请提交党员大会按应选{{报委员候选人：委员名额}}名进行差额选举。",),
        rows=(("委员候选人（按姓氏笔画为序）", "\n\n\n\n\n\n"), ("书记拟任人选", "\n"),
              ("副书记拟任人选", "\n")),
        signed=("{{上级党组织}}", "{{今天}}"),
    ),
    "election-notice": Paper(
        "关于召开党员大会的通知", "各位党员：",
        ("经上级党组织同意，定于{{大会日期}}召开{{党组织}}党员大会，选举新一届委员会。",
         "时间：", "地点：",
         "请安排好工作和学习，按时参加。因故不能到会的，请事先向支部请假。"),
    ),
    "election-report": Paper(
        "关于{{党组织}}选举结果的报告", TO_ABOVE,
        ("{{党员大会选举日期}}，{{党组织}}召开党员大会进行选举。"
         "应到会有选举权的党员{{应到会有选举权人数}}名，实到{{实到会有选举权人数}}名，符合规定人数。",
         "发出选票{{发出选票}}张，收回{{收回选票}}张，其中有效票{{有效票}}张。",
         "经计票，当选的同志是：{{当选人}}。",
         "{{书记选举结果}}现予报告，请审批。"),
    ),
    # 转接
    "transfer-proof": Paper(
        "党员证明信", "{{接收方党组织全称}}：",
        ("{{姓名}}同志系我支部{{党员类别}}，因外出临时在你处，预计{{预计返回日期}}返回。"
         "请接纳其参加组织生活。组织关系仍在我支部。",),
    ),
    "transfer-check": Paper(
        "组织关系转出核对单",
        rows=(*PERSON, ("党员类别", "{{党员类别}}"), ("入党时间", "{{入党时间}}"),
              ("转正时间", "{{转正时间}}"), ("接收方党组织", "{{接收方党组织全称}}"),
              ("离开日期", "{{离开日期}}"), ("转出原因", "{{申请转出：原因}}"),
              ("党费交至", ""), ("党员材料", "已封装□  随本人□  机要寄送□"), ("经办人", "\n")),
        signed=(),
    ),
    "transfer-within": Paper(
        "校内组织关系转接单",
        rows=(("姓名", "{{姓名}}"), ("党员类别", "{{党员类别}}"), ("转出支部", "{{转出支部}}"),
              ("接收支部", "{{接收支部}}"), ("原因", "{{申请校内转接：原因}}"),
              ("转出支部意见", "\n\n"), ("上级党组织意见", "\n\n"), ("接收支部意见", "\n\n")),
        signed=(),
    ),
    # 问题整改
    "problem-list": Paper(
        "问题整改清单",
        roll=(("序号", "名单/序号"), ("单位", "名单/党支部"), ("问题", "名单/事项"),
              ("措施", "名单/措施"), ("责任人", "名单/责任人"), ("完成期限", "名单/完成期限")),
    ),
    "problem-report": Paper(
        "关于问题整改情况的报告", TO_ABOVE,
        ("检查指出的“{{事项}}”问题，我单位于{{定措施、责任人和期限日期}}制定措施，"
         "由{{责任人}}负责，限{{完成期限}}完成。", "采取的措施：{{措施}}",
         "整改结果：{{整改结果和佐证}}", "请予核实销号。"),
    ),
    "problem-close": Paper(
        "问题销号单",
        rows=(("单位", "{{党组织}}"), ("问题", "{{事项}}"), ("措施", "{{措施}}"),
              ("责任人", "{{责任人}}"), ("完成期限", "{{完成期限}}"),
              ("整改结果", "{{整改结果和佐证}}"), ("核实销号日期", "{{核实后销号日期}}"),
              ("核实人", "\n")),
        signed=("{{上级党组织}}", "{{今天}}"),
    ),
    # 表彰
    "award-form": Paper(
        "推荐审批表",
        rows=(*PERSON, ("推荐称号", "{{称号}}"), ("主要事迹", "{{主要事迹}}\n\n"),
              ("支部意见", "\n\n"), ("上级党组织意见", "\n\n"), ("党委意见", "\n\n")),
        signed=(),
    ),
    "award-notice": Paper(
        "关于拟表彰对象的公示",
        text=("经支部推荐、上级审核，拟对下列{{人数}}名同志予以表彰，现予公示。"
              "公示期间有意见的，请向党委组织部反映。",
              "公示时间：    年  月  日至    年  月  日"),
        roll=(("序号", "名单/序号"), ("姓名", "名单/姓名"), ("所在党支部", "名单/党支部"),
              ("称号", "名单/称号")),
        signed=("{{学校}}党委组织部", "{{今天}}"),
    ),
    "award-decision": Paper(
        "关于表彰先进的决定", "各二级党组织：",
        ("为表彰先进、树立榜样，经党委会研究，决定授予下列{{人数}}名同志相应称号。",
         "希望受到表彰的同志珍惜荣誉，再接再厉；全校党员向他们学习，立足岗位履职尽责。"),
        roll=(("序号", "名单/序号"), ("姓名", "名单/姓名"), ("所在党支部", "名单/党支部"),
              ("称号", "名单/称号")),
        signed=("中共{{学校}}委员会", "{{今天}}"),
    ),
    "award-org-form": Paper(
        "先进基层党组织推荐审批表",
        rows=(("党组织", "{{党组织}}"), ("推荐称号", "{{称号}}"), ("主要事迹", "{{主要事迹}}\n\n"),
              ("党员大会意见", "\n\n"), ("上级党组织意见", "\n\n"), ("党委意见", "\n\n")),
        signed=(),
    ),
}  # fmt: skip


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, paper in PAPERS.items():
        (FOLDER / f"{name}.docx").write_bytes(written(paper))
    sys.stdout.write(f"{len(PAPERS)} templates\n")


def written(paper: Paper) -> bytes:
    document = _blank()
    _line(document, paper.title, font=TITLE_FONT, size=22, bold=True, centred=True)
    _line(document, "")
    if paper.to:
        _line(document, paper.to)
    for text in paper.text:
        _line(document, text, indent=True)
    if paper.rows:
        _labels(document, paper.rows)
    if paper.roll:
        _roll(document, paper.roll)
    for text in paper.after:
        _line(document, text, indent=True)
    if paper.signed:
        _line(document, "")
    for text in paper.signed:
        _line(document, text, right=True)
    return _same_every_time(document)


def _blank() -> Any:
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    core = document.core_properties
    core.author, core.comments, core.title = "", "", ""
    return document


def _line(
    document: Any, text: str, *, font: str = TEXT_FONT, size: int = 16, bold: bool = False,
    centred: bool = False, right: bool = False, indent: bool = False,
) -> None:  # fmt: skip
    paragraph = document.add_paragraph()
    look = paragraph.paragraph_format
    look.space_before = look.space_after = Pt(0)
    look.line_spacing_rule, look.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(max(28, size * 1.6))
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if right:
        paragraph.alignment, look.right_indent = WD_ALIGN_PARAGRAPH.RIGHT, Pt(size * 2)
    if indent:
        look.first_line_indent = Pt(size * 2)
    _say(paragraph, text, font, size, bold)


def _say(paragraph: Any, text: str, font: str, size: int, bold: bool = False) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.bold, run.font.name = Pt(size), bold, font
    run._element.rPr.rFonts.set(qn("w:eastAsia"), font)


def _labels(document: Any, rows: tuple[tuple[str, str], ...]) -> None:
    table = document.add_table(len(rows), 2)
    table.style, table.autofit = "Table Grid", False
    for line, (label, value) in zip(table.rows, rows, strict=True):
        for cell, text, width, font in zip(
            line.cells, (label, value), (Cm(4), Cm(11.6)), (HEAD_FONT, TEXT_FONT), strict=True
        ):
            cell.width = width
            _say(cell.paragraphs[0], text, font, 14)


def _roll(document: Any, columns: tuple[tuple[str, str], ...]) -> None:
    table = document.add_table(2, len(columns))
    table.style = "Table Grid"
    for column, (label, name) in enumerate(columns):
        for line, text, font in ((0, label, HEAD_FONT), (1, f"{{{{{name}}}}}", TEXT_FONT)):
            _say(table.cell(line, column).paragraphs[0], text, font, 12)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _same_every_time(document: Any) -> bytes:
    """Without the library's own preview picture, and with one date for every part."""
    relations = document.part.package.rels
    for key in [key for key, one in relations.items() if one.reltype.endswith("/thumbnail")]:
        relations.pop(key)
    made, target = io.BytesIO(), io.BytesIO()
    document.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, ALWAYS), old.read(name), zipfile.ZIP_DEFLATED)
    return target.getvalue()


if __name__ == "__main__":
    main()
