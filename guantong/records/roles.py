"""Reads roles.yaml: what a role may do, and which posts bring it. Knows no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from guantong.conditions.yaml_file import Fields, read

SCOPES = ["subtree", "own"]


@dataclass(frozen=True)
class Role:
    """`from_posts` are (post, kind of organisation); `expires`: a grant must name its end.

    An `own` role reaches only its holder's own records, and everyone on the roll holds it.
    """

    name: str
    title: str
    permissions: frozenset[str]
    own: bool
    from_posts: frozenset[tuple[str, str]]
    expires: bool


@dataclass(frozen=True)
class Roles:
    titles: Mapping[str, str]
    """Every permission, and what it is called."""
    roles: Mapping[str, Role]

    def allowing(self, permission: str) -> frozenset[str]:
        """The names of the roles that have a permission, which must be a known one."""
        assert permission in self.titles, permission
        return frozenset(r.name for r in self.roles.values() if permission in r.permissions)

    def from_post(self, post: str, org_kind: str) -> list[Role]:
        return [r for r in self.roles.values() if (post, org_kind) in r.from_posts]


def load_roles(path: Path) -> Roles:
    f = read(path, path.name)
    permissions = f.fields("permissions")
    titles = {name: permissions.text(name) for name in list(permissions.data)}
    listed = f.fields("roles")
    roles = {name: _role(name, listed.fields(name), titles) for name in list(listed.data)}
    f.done()
    return Roles(titles, roles)


def _role(name: str, f: Fields, titles: Mapping[str, str]) -> Role:
    role = Role(
        name=name,
        title=f.text("title"),
        permissions=frozenset(f.names("permissions", [])),
        own=f.choice("scope", SCOPES) == "own",
        from_posts=frozenset(
            (p.text("post"), p.text("org_kind")) for p in f.each("from_posts", [])
        ),
        expires=f.take("expires", bool, default=False),
    )
    f.done()
    if unknown := sorted(role.permissions - titles.keys()):
        raise f.wrong("permissions", f"没有权限 {'、'.join(unknown)}", "先在 permissions 中登记")
    return role
