"""PDF files hold the Chinese that was written, in a font of their own."""

from io import BytesIO

from pypdf import PdfReader

from guantong.sheets.pdf import Facts, Grid, Text, pdf


def test_what_is_written_can_be_read_back_and_brings_its_font() -> None:
    rows = [[f"第 {n} 行", "喆堃祎翀䶮㛃", "<b>&"] for n in range(90)]
    file = pdf(
        "学时证明",
        [
            Text("示例大学党委"),
            Facts([("姓名", "支书甲")]),
            Grid(["序", "人", "注"], rows, [1, 2, 1]),
        ],
        foot="编号 A-1",
    )
    reader = PdfReader(BytesIO(file))
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) > 1
    whole = "\n".join(pages)
    for told in ("学时证明", "示例大学党委", "支书甲", "喆堃祎翀䶮㛃", "<b>&", "第 89 行"):
        assert told in whole, told
    for number, text in enumerate(pages, 1):
        assert "编号 A-1" in text
        assert f"第 {number} 页" in text
        assert "序" in text, "the header of the table stands on every page"
    fonts = reader.pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]
    inside = [
        font.get_object()["/FontDescriptor"]
        for font in fonts
        if "/FontDescriptor" in font.get_object()
    ]
    assert inside
    assert all("/FontFile2" in descriptor.get_object() for descriptor in inside)


def test_a_heading_never_ends_a_page() -> None:
    grid = Grid(("日期", "主题"), [("2023-06-20", "党课")], (1, 1))
    for lines in range(20, 30):
        blocks = [*(Text(f"第{n}行") for n in range(lines)), Text("计划", size=13), grid]
        pages = [page.extract_text() for page in PdfReader(BytesIO(pdf("交接", blocks))).pages]
        assert ["计划" in page for page in pages] == ["党课" in page for page in pages], lines
