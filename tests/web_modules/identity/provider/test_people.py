"""Claims of a provider, and whom they make of somebody."""

from typing import Any

import pytest

from web_modules.identity.people import Role
from web_modules.identity.provider.people import person_of

ROLES = (("R8000", "gp"), ("R8001", "nurse"), ("doctors", "gp"))


def found(claims: dict[str, Any], role_claim: str = "roles") -> Role | None:
    person = person_of({"sub": "1"} | claims, practice="Y99002", role_claim=role_claim, roles=ROLES)
    return None if person is None else person.role


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"roles": "doctors"}, Role.GP),
        ({"roles": ["staff", "R8001"]}, Role.NURSE),
        ({"roles": ["R8001", "R8000"]}, Role.GP),
        ({"roles": [{"org_code": "Y99002", "role_code": "S0:G0:R8001"}]}, Role.NURSE),
        ({"roles": [{"org_code": "Y99002", "role_code": "R8001"}]}, Role.NURSE),
        ({"roles": [{"org_code": "Y99003", "role_code": "S0:G0:R8001"}]}, None),
        ({"roles": [{"role_code": "S0:G0:R8001"}]}, None),
        (
            {
                "roles": [{"org_code": "Y99002", "role_code": "R8000", "person_roleid": "1"}],
                "selected_roleid": "2",
            },
            None,
        ),
        ({"roles": "doctor"}, None),
        ({"roles": {"doctors": True}}, None),
        ({"roles": [None, 1, [], {}]}, None),
        ({"roles": None}, None),
        ({}, None),
        ({"roles": "doctors", "sub": ""}, None),
        ({"roles": "doctors", "sub": 7}, None),
        ({"roles": "doctors", "sub": "a\u0000"}, None),
    ],
)
def test_roles_come_from_the_claims_of_this_practice(claims: dict[str, Any], role: Role | None) -> None:
    assert found(claims) is role


def test_a_person_is_called_as_the_provider_says() -> None:
    def name(**claims: Any) -> str:
        person = person_of(
            {"sub": "1", "roles": "doctors"} | claims, practice="Y99002", role_claim="roles", roles=ROLES
        )
        assert person is not None
        return person.name

    assert name(display_name="Dr A", name="B") == "Dr A"
    assert name(title="Dr", given_name="Amara", family_name="Osei") == "Dr Amara Osei"
    assert name() == "1"
