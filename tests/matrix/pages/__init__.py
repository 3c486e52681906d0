"""Every page: one line each. What the parts of a line mean stands in `lines.Page`.

A page that is new needs a line here, whose kind of thing is furnished in `world`.
"""

from typing import Final

from tests.matrix.pages import activities, cases, members, orgs, own

PAGES: Final = [*own.PAGES, *orgs.PAGES, *members.PAGES, *activities.PAGES, *cases.PAGES]
