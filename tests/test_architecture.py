"""The parts of the architecture that imports alone cannot show."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

ROOT = Path(__file__).parent.parent
APP = ROOT / "guantong"
MADE_HERE = {
    ".git",
    ".venv",
    ".uv",
    ".bench",
    "uv.lock",
    "var",
    "__pycache__",
    "test-results",
    "htmlcov",
}
MADE_HERE |= {".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache"}
TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".lock", ".html", ".css", ".js", ".json", ".txt"}


def files(folder: Path = ROOT) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in MADE_HERE:
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def modules(folder: Path) -> list[Path]:
    return [path for path in files(folder) if path.suffix == ".py"]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# Writing

ALWAYS_WRITES = {"bulk_create", "bulk_update", "get_or_create", "update_or_create"}
WRITES_UNLESS_POSITIONAL = {
    "save",
    "create",
    "update",
    "delete",
}  # workbook.save(path), hash.update(x)
SQL_WRITES = re.compile(r"\s*(INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\b", re.IGNORECASE)


def writes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=attr), args=args):
                called = attr.removeprefix("a")  # asave, acreate and so on
                if called in ALWAYS_WRITES or (called in WRITES_UNLESS_POSITIONAL and not args):
                    yield node.lineno, f"calls .{attr}()"
            case ast.Constant(value=str(text)) if SQL_WRITES.match(text):
                yield node.lineno, f"holds {text.split()[0]} …"


PURE = (
    "periods.py",
    "dues.py",
    "conditions",
    "obligations",
    "processes",
    "plans",
    "trust",
    "messages",
)  # no Django
MAY_WRITE = [APP / place for place in (*PURE, "records/actions", "records/migrations")]


def outside_actions() -> list[Path]:
    return [
        path for path in modules(APP) if not any(path.is_relative_to(place) for place in MAY_WRITE)
    ]


def test_only_actions_write() -> None:
    found = [
        f"{name(path)}:{line} {what}"
        for path in outside_actions()
        for line, what in writes(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, "write through records.actions instead:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "line",
    ["person.save()", "Org.objects.create(name=n)", "rows.update(held=True)", "rows.delete()",
     "Org.objects.bulk_create(rows)", "c.execute('update org set x = 1')"],
)  # fmt: skip
def test_the_search_for_writes_finds_them(line: str) -> None:
    assert list(writes(ast.parse(line)))


# Doors

PUBLIC = {"account_login", "account_logout", "account_inactive"}
PUBLIC |= {"calendar-feed"}  # the address itself is the key
SAMPLES = {"id": "1", "int": "1", "str": "x", "slug": "x", "path": "x"}
SAMPLES |= {"uuid": "00000000-0000-0000-0000-000000000000"}


def urls(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from urls(pattern.url_patterns, route)
        else:
            yield pattern.name or "", route


def closed_routes() -> list[str]:
    return sorted({route for key, route in urls(get_resolver().url_patterns) if key not in PUBLIC})


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_sees_nothing(client: Client, method: str) -> None:
    routes = closed_routes()
    assert routes
    for route in routes:
        address = re.sub(r"<(?:(\w+):)?\w+>", lambda part: SAMPLES[part[1] or "str"], route)
        response = getattr(client, method)(address)
        assert response.status_code in {302, 403}, address
        if response.status_code == 302:
            assert response["Location"].startswith(reverse("account_login")), address


# Templates: what the content security policy would block, or nobody should rely on

FORBIDDEN_IN_TEMPLATES = {
    "a script in the page": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)"),
    "a style in the page": re.compile(r"<style|\sstyle="),
    "an event attribute": re.compile(r"\son[a-z]+="),
    "something from another site": re.compile(r"""(?:src|href|action)=["'](?:https?:)?//"""),
    "unescaped text": re.compile(r"\|\s*safe\b|autoescape off"),
}
ALLOWED_IN_TEMPLATES = {
    ("guantong/web/templates/web/forms/field.html", "unescaped text"),  # help texts: our own HTML
}


def test_templates_need_no_exception_from_the_policy() -> None:
    found = [
        f"{name(path)}: {what}"
        for path in files(APP)
        if path.suffix == ".html"
        for what, pattern in FORBIDDEN_IN_TEMPLATES.items()
        if pattern.search(path.read_text(encoding="utf-8"))
        and (name(path), what) not in ALLOWED_IN_TEMPLATES
    ]
    assert not found, "\n".join(found)


# Size and names

VAGUE = {"utils", "common", "core", "services", "helpers", "signals", "managers"}


@pytest.mark.parametrize("folder", ["guantong", "dev", "tests", "bench"])
def test_no_module_outgrows_its_reader(folder: str) -> None:
    long = {
        name(path): lines
        for path in modules(ROOT / folder)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 500
        and "migrations" not in path.parts
    }
    assert not long


def test_every_amount_in_a_form_is_read_so() -> None:
    found = [p.name for p in (ROOT / "guantong/web").rglob("*.py")
             if "forms.DecimalField" in p.read_text(encoding="utf-8")]  # fmt: skip
    assert found == ["acting.py"]


def test_names_say_what_is_inside() -> None:
    paths = [path.relative_to(APP) for path in modules(APP)]
    assert not [str(path) for path in paths if VAGUE & {path.stem, *path.parent.parts}]


# Origin: the project stands on its own

HOSTS = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com"]
HOSTS += ["deb" + ".debian.org", "crates" + ".io", "proxy.go" + "lang.org"]
WORDS = ["cla" + "ude", "anth" + "ropic", "open" + "ai", "chat" + "gpt", "/wo" + "rk/"]
FORBIDDEN = re.compile("|".join(map(re.escape, HOSTS + WORDS)), re.IGNORECASE)


def test_no_file_names_a_registry_or_a_workplace() -> None:
    found = [
        f"{name(path)}: {match[0]}"
        for path in files()
        if path.suffix in TEXT or path.name in {"run", ".gitignore"}
        if (match := FORBIDDEN.search(path.read_text(encoding="utf-8")))
    ]
    assert not found, "\n".join(found)


# Dependencies


def requirements(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize(
    "lock",
    [
        "requirements.lock",
        "requirements-dev.lock",
        "requirements-uv.lock",
        "requirements-spark.lock",
    ],
)
def test_locks_hold_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--find-links|--extra|--trusted", text)
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert entries
    assert not [entry for entry in entries if "--hash=sha256:" not in entry or "==" not in entry]


def test_the_development_lock_contains_the_runtime_lock() -> None:
    assert (
        requirements("requirements.lock").items() <= requirements("requirements-dev.lock").items()
    )


def test_an_extra_comes_on_top_of_what_is_there() -> None:
    both = requirements("requirements.lock").keys() & requirements("requirements-spark.lock")
    assert not both


def test_runtime_dependencies_are_few_and_each_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"].values()
    direct = [*project["dependencies"], *(word for extra in extras for word in extra)]
    assert len(direct) < 25
    assert not [
        word for word in direct if not re.search(re.escape(f'"{word}",') + r" +# \w", text)
    ]
    locked = requirements("requirements.lock") | requirements("requirements-spark.lock")
    assert not [word for word in direct if re.split(r"[\[<>=]", word)[0] not in locked]
