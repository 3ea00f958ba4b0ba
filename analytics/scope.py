"""Who may see what: the roles and what each reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from analytics.exc import ScopeError
from analytics.filters import DIMENSIONS


@dataclass(frozen=True)
class Role:
    """What a role reaches; `rows` and `names` are `none`, `own` (the reader's Centers) or `all`."""

    id: str
    label: str
    rows: str
    names: str
    #: Dimensions by which the role may narrow and group numbers.
    dimensions: tuple[str, ...] = tuple(DIMENSIONS)
    #: Whether the role reads nothing but what is released (`analytics.released`).
    released: bool = False

    @property
    def all_figures(self) -> bool:
        """Whether the role sees every aggregate, by every dimension."""
        return set(self.dimensions) == set(DIMENSIONS)


ROLES: Final[dict[str, Role]] = {
    role.id: role
    for role in (
        Role("leadership", "Leadership", rows="none", names="none"),
        Role("director", "Center director", rows="own", names="own"),
        Role("analyst", "Analyst", rows="all", names="all"),
        Role("working_group", "Working group", rows="none", names="none", dimensions=("center",), released=True),
    )
}


@dataclass(frozen=True)
class Scope:
    """A reader's role and, for a director, the Centers that are theirs."""

    role_id: str
    centers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.role_id not in ROLES:
            raise ScopeError(f"There is no role “{self.role_id}”; choose among {', '.join(ROLES)}.")
        if self.role.rows == "own" and not self.centers:
            raise ScopeError("A director's scope needs the code of their Center.")

    @property
    def role(self) -> Role:
        """The role itself."""
        return ROLES[self.role_id]

    def require_rows(self) -> None:
        """Refuse single entries, reviews and accounts to a role that has none.

        Raises:
            ScopeError: the role reaches no rows.
        """
        if self.role.rows == "none":
            raise ScopeError(f"{self.role.label} sees figures, not single records; ask an analyst or the Center's director.")

    def require_all_figures(self) -> None:
        """Refuse what is not released to a role that sees the release alone.

        Raises:
            ScopeError: the role sees released figures alone.
        """
        if not self.role.all_figures:
            raise ScopeError(f"{self.role.label} sees what is released on the page Industry view, and nothing else.")
