"""The page about roles says what the code does. Run as a program it writes the page's table anew."""

from pathlib import Path

from hub.accounts import words
from hub.accounts.roles import SCOPES_OF, Role
from hub.accounts.scopes import Scope

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "roles.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
RENEW = ".venv/bin/python -m tests.accounts.test_admin_roles"


def table() -> str:
    """Write the permissions of every role as Markdown."""
    rows = [["permission", *(role.value for role in Role)], ["---", *(":-:" for _ in Role)]]
    rows += [[f"`{scope}`", *("✓" if scope in SCOPES_OF[role] else "" for role in Role)] for scope in Scope]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def test_the_table_of_roles_is_what_the_code_does():
    _, _, rest = PAGE.read_text().partition(BEGIN)

    assert table() == rest.partition(END)[0], f"Renew it: {RENEW}"


def test_every_role_and_permission_has_words():
    """On the screens none is shown by its code, and none is forgotten in the form of a key."""
    assert set(Role) == set(words.ROLES)
    assert set(Scope) == set(words.SCOPES)
    assert sorted(Scope) == sorted(scope for _, scopes in words.GROUPS for scope in scopes)


if __name__ == "__main__":
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + BEGIN + table() + END + rest.partition(END)[2])
