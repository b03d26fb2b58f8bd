"""The documents are proven: what the code has, they name; where they point, something is."""

import ast
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from bureaus.access import DEEDS
from bureaus.models import AuditEvent, Membership
from courses.catalogue import read_catalogue
from courses.loading import load_catalogue
from ledgers.columns import COLUMNS
from ledgers.reading.messages import FAULTS, WARNINGS

ROOT = Path(__file__).resolve().parent.parent
APPS = ("bureaus", "learners", "courses", "certificates", "ledgers")
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *ROOT.glob("docs/**/*.md"),
        *(ROOT / app / "README.md" for app in APPS),
    ]
)
SETTING = re.compile(r'env\.\w+\(\s*"(\w+)"')
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def text_of(*parts: str) -> str:
    return "\n".join((ROOT / part).read_text(encoding="utf-8") for part in parts)


def missing(wanted, text: str) -> list[str]:
    return [word for word in wanted if word not in text]


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def test_every_setting_is_explained():
    of_settings = SETTING.findall(text_of("peixun/settings.py"))
    of_example = re.findall(r"^(\w+)=", text_of(".env.example"), re.MULTILINE)
    assert len(of_settings) > 10
    assert (
        missing({f"| `{name}` |" for name in (*of_settings, *of_example)}, text_of("docs/deployment.md"))
        == []
    )


def test_every_role_stands_in_the_manual():
    lines = [f"| {role.label} | `{role.value}` |" for role in Membership.Role]
    assert missing(lines, text_of("docs/manual/roles.md")) == []


def test_every_reach_stands_in_the_manual():
    assert (
        missing([f"| {reach.label} |" for reach in Membership.Reach], text_of("docs/manual/roles.md")) == []
    )


def test_the_table_of_rights_is_the_one_of_the_code():
    order = list(Membership.Role)
    lines = [
        f"| `{deed}` | {', '.join(role.value for role in order if role in roles)} |"
        for deed, roles in DEEDS.items()
    ]
    page = text_of("bureaus/README.md")
    assert missing(lines, page) == []
    assert len(re.findall(r"^\| `\w+\.\w+` \|", page, re.MULTILINE)) == len(DEEDS)


def test_every_command_is_shown():
    commands = [path.stem for app in APPS for path in (ROOT / app).glob("management/commands/[a-z]*.py")]
    assert len(commands) > 3
    assert missing(commands, text_of("README.md", "docs/deployment.md")) == []


def test_every_column_of_ledgers_stands_in_the_manual():
    page = text_of("docs/manual/columns.md")
    rows = {
        line.split(" | ")[0].removeprefix("| "): line for line in page.splitlines() if line.startswith("| ")
    }
    assert missing([column.heading for column in COLUMNS], rows) == []
    assert [column.heading for column in COLUMNS if column.hint not in rows[column.heading]] == []


def codes_of_comparing() -> set[str]:
    """The codes that `Outcome.refuse` is given, beside those of reading."""
    found = set()
    for path in (ROOT / "ledgers" / "importing").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "refuse"
            ):
                found.add(ast.literal_eval(node.args[0]))
    return found


def test_every_code_and_its_sentence_stand_in_the_manual():
    page = text_of("docs/manual/codes.md")
    assert codes_of_comparing()
    assert missing([f"`{code}`" for code in {*FAULTS, *WARNINGS, *codes_of_comparing()}], page) == []
    sentences = [re.sub(r"\{\w+\}", "……", sentence) for sentence in {**FAULTS, **WARNINGS}.values()]
    assert missing(sentences, page) == []


def test_every_deed_of_the_audit_stands_in_the_manual():
    assert missing([str(deed.label) for deed in AuditEvent.Deed], text_of("docs/manual/years.md")) == []


@pytest.mark.parametrize("app", APPS)
def test_an_apps_page_names_its_models(app):
    names = {model.__name__ for model in apps.get_app_config(app).get_models(include_auto_created=False)}
    assert names - words(text_of(f"{app}/README.md")) == set()
    assert names - words(text_of("docs/terms.md")) == set()


def addresses(resolver: URLResolver, app: str = "") -> list[str]:
    found = []
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            found += addresses(one, one.app_name or app)
        elif isinstance(one, URLPattern) and app in APPS:
            found.append(f"{app}:{one.name}")
    return found


def test_every_address_stands_on_its_apps_page():
    found = addresses(get_resolver())
    assert len(found) > 20
    assert [name for name in found if f"| `{name}` |" not in text_of(f"{name.split(':')[0]}/README.md")] == []


def test_every_library_has_its_reason():
    names = re.findall(r"^([\w-]+)", text_of("requirements.in"), re.MULTILINE)
    assert missing([f"| `{name}` |" for name in names], text_of("docs/decisions/0001-libraries.md")) == []


@pytest.mark.django_db
def test_the_example_of_a_plan_loads(tmp_path):
    example = tmp_path / "jiangzhou.yaml"
    example.write_text(
        re.findall(r"```yaml\n(.*?)```", text_of("docs/plan.md"), re.DOTALL)[0], encoding="utf-8"
    )
    assert load_catalogue(read_catalogue(example), user=None)["added"] > 20
    assert load_catalogue(read_catalogue(example), user=None) == {"added": 0, "changed": 0}


def anchors(page: Path) -> set[str]:
    headings = HEADING.findall(CODE_BLOCK.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path, target: str) -> bool:
    path, _hash, anchor = unquote(target).partition("#")
    wanted = (page.parent / path).resolve() if path else page
    if not wanted.exists():
        return True
    return bool(anchor) and anchor not in anchors(wanted)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = LINK.findall(CODE_BLOCK.sub("", page.read_text(encoding="utf-8")))
    inside = [target for target in targets if not target.startswith(("http://", "https://", "mailto:"))]
    assert [target for target in inside if broken(page, target)] == []


def test_every_page_of_the_manual_stands_in_its_index():
    pages = {page.name for page in (ROOT / "docs" / "manual").glob("*.md")} - {"README.md"}
    assert missing([f"({page})" for page in sorted(pages)], text_of("docs/manual/README.md")) == []
