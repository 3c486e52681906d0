"""What became of a message. Who sends again must know whether it may have arrived."""

from dataclasses import dataclass
from typing import Final, Literal

type Fate = Literal["sent", "later", "refused", "unsure"]
SECONDS: Final = 10  # the longest that anyone is waited for


@dataclass(frozen=True)
class Outcome:
    """`later`: surely not delivered, try again; `refused`: not delivered, and trying again is of
    no use; `unsure`: it may have arrived, so it is never sent again. `says`: Chinese, no secrets.
    """

    fate: Fate
    says: str = ""


SENT: Final = Outcome("sent")
