"""Draws one picture anew, in a process of its own: `python -m guantong.sheets.picture`.

Only the pixels are kept: no place, time, device, thumbnail or anything behind the picture's end.
The picture comes in on standard input; out comes J or P and the JPEG or PNG, or R and the reason.
"""

import sys
import warnings
from io import BytesIO

from guantong.sheets.child import limit_this_process

MOST_PIXELS = 40_000_000
LONGEST = 2560  # pixels of a side; more shows nothing that a record needs
BROKEN = "图片不完整或已损坏，无法打开。"


def main() -> None:
    limit_this_process()
    sys.stdout.buffer.write(drawn_anew(sys.stdin.buffer.read()))


def drawn_anew(content: bytes) -> bytes:
    from PIL import Image, ImageOps

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as source:
            turned = ImageOps.exif_transpose(source)  # the camera's way up, before it is forgotten
            clear = turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info
            plain = turned.convert("RGBA" if clear else "RGB")
            plain.thumbnail((LONGEST, LONGEST))
            bare = Image.new(plain.mode, plain.size)
            bare.paste(plain)
            return _written(bare, "PNG" if source.format == "PNG" else "JPEG")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return f"R图片超过 {MOST_PIXELS // 1_000_000} 百万像素，请缩小后再传。".encode()
    except Exception:  # the one boundary: decoders of broken pictures raise anything
        return b"R" + BROKEN.encode()


def _written(picture: object, form: str) -> bytes:
    file = BytesIO()
    options = {"quality": 85, "optimize": True} if form == "JPEG" else {"optimize": True}
    picture.save(file, form, **options)  # type: ignore[attr-defined]
    return form[:1].encode() + file.getvalue()


if __name__ == "__main__":
    main()
