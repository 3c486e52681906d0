"""What the operating system answers when a file cannot be used, in Chinese and with the remedy.

Not for files that were read and make no sense: whoever reads them says that.
"""

import errno
from typing import Final

WRONG_PLACE: Final = "请换一个位置"
WRONG_PATH: Final = "请核对路径"
NO_RIGHT: Final = ("没有权限", "请换一个位置，或请管理员给予权限")
FULL: Final = "请腾出空间再试"
REASONS: Final = {
    errno.ENOENT: ("没有这个文件或目录", WRONG_PATH),
    errno.ENOTDIR: ("路径中有一段是文件，不是目录", WRONG_PATH),
    errno.EEXIST: ("同名的文件已经在那里", WRONG_PLACE),
    errno.EISDIR: ("这是目录，不是文件", "请写到文件名为止"),
    errno.EACCES: NO_RIGHT,
    errno.EPERM: NO_RIGHT,
    errno.EROFS: ("那里只能读，不能写", WRONG_PLACE),
    errno.ENOSPC: ("磁盘满了", FULL),
    errno.EDQUOT: ("磁盘配额用完了", FULL),
    errno.ENAMETOOLONG: ("名称太长", "请换一个短的名称"),
}


def why(error: OSError) -> tuple[str, str]:
    """Return the reason and the remedy; the system's own words where there are none of ours."""
    return REASONS.get(error.errno or 0) or (error.strerror or str(error), WRONG_PLACE)


def told(error: OSError) -> str:
    return "。".join(why(error))
