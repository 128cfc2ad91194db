"""What a caller's grants add up to."""

from __future__ import annotations

import pytest

from forecourt.csms.store.scopes import Scope
from forecourt.csms.web.callers import Caller, Grant
from forecourt.csms.web.permissions import Role
from forecourt.errors import NotAllowed, NotFound

HERE, THERE = 1, 2
SITE = 7


def caller(*grants: Grant) -> Caller:
    return Caller(name="somebody", grants=grants)


@pytest.mark.parametrize(
    ("grants", "permission", "scope"),
    [
        ([], "sites.read", Scope()),
        ([Grant(Role.VIEWER)], "sites.read", Scope(organisations=None)),
        ([Grant(Role.VIEWER)], "sites.write", Scope()),
        ([Grant(Role.DRIVER)], "sites.read", Scope()),
        ([Grant(Role.VIEWER, HERE)], "sites.read", Scope(frozenset({HERE}), None, frozenset({HERE}))),
        ([Grant(Role.VIEWER, HERE, SITE)], "sites.read", Scope(frozenset({HERE}), frozenset({SITE}))),
        # What belongs to the organisation as a whole is not given on a site.
        ([Grant(Role.OPERATOR, HERE, SITE)], "tokens.read", Scope()),
        # Each grant counts for what it gives: here for reading in both, for writing in one.
        (
            [Grant(Role.VIEWER, HERE), Grant(Role.OPERATOR, THERE)],
            "sites.write",
            Scope(frozenset({THERE}), None, frozenset({THERE})),
        ),
        # A whole organisation, and one site of another.
        (
            [Grant(Role.VIEWER, HERE), Grant(Role.VIEWER, THERE, SITE)],
            "sites.read",
            Scope(frozenset({HERE, THERE}), frozenset({SITE}), frozenset({HERE})),
        ),
        # A site of an organisation that is granted as a whole restricts nothing.
        (
            [Grant(Role.VIEWER, HERE), Grant(Role.OPERATOR, HERE, SITE)],
            "sites.read",
            Scope(frozenset({HERE}), None, frozenset({HERE})),
        ),
        ([Grant(Role.ADMINISTRATOR, HERE)], "organisations.write", Scope()),
        ([Grant(Role.ADMINISTRATOR)], "organisations.write", Scope(organisations=None)),
    ],
)
def test_a_permission_holds_where_the_grants_that_give_it_hold(
    grants: list[Grant], permission: str, scope: Scope
) -> None:
    somebody = caller(*grants)
    found = somebody.scope(permission)
    assert (found.organisations, found.whole) == (scope.organisations, scope.whole)
    if found.organisations != found.whole:
        assert found.sites == scope.sites
    assert somebody.may(permission) == (scope != Scope())


def test_a_new_thing_needs_the_permission_in_the_whole_organisation() -> None:
    somebody = caller(Grant(Role.OPERATOR, HERE), Grant(Role.OPERATOR, THERE, SITE))
    somebody.check("sites.write", HERE)
    with pytest.raises(NotAllowed):
        somebody.check("sites.write", THERE)
    with pytest.raises(NotFound):
        somebody.check("sites.write", 3)


def test_a_caller_of_one_organisation_need_not_name_it() -> None:
    assert caller(Grant(Role.OPERATOR, HERE)).home("sites.write") == HERE
    assert caller(Grant(Role.OPERATOR, HERE), Grant(Role.OPERATOR, THERE)).home("sites.write") is None
    assert caller(Grant(Role.OPERATOR)).home("sites.write") is None
    assert caller(Grant(Role.VIEWER, HERE)).home("sites.write") is None
