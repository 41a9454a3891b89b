"""Who somebody is by the claims of a provider: the person, and the role at this practice."""

from collections.abc import Mapping, Sequence
from typing import Any

from web_modules.identity.people import Person, Role

SDS_USER_ID = "https://fhir.nhs.uk/Id/sds-user-id"
"""UK Core's system for the number by which NHS CIS2 knows a member of staff (its claim `nhsid_useruid`)."""


def person_of(
    claims: Mapping[str, Any], *, practice: str, role_claim: str, roles: Sequence[tuple[str, str]]
) -> Person | None:
    """The person whom claims describe; None when they give no role at this practice.

    Args:
        claims: of the id_token and the userinfo answer.
        practice: ODS code.
        role_claim: the claim that names roles: a text, a list of texts, or a list of objects as in NHS CIS2,
            where only those of this practice (`org_code`) count, by the last part of their `role_code`; when
            the person selected one (`selected_roleid`), only that.
        roles: our role for each value, the first that is found counts.
    """
    values = set(_values(claims, practice, role_claim, claims.get("selected_roleid")))
    role = next((ours for value, ours in roles if value in values), None)
    subject = claims.get("sub")
    if role is None or not is_usable(subject):
        return None
    staff_number = claims.get("nhsid_useruid")
    is_known = isinstance(staff_number, str) and staff_number.isalnum()
    return Person(
        id=str(subject),
        name=_name(claims),
        role=Role(role),
        registration=f"{SDS_USER_ID}|{staff_number}" if is_known else "",
    )


def is_usable(subject: object) -> bool:
    """OpenID Connect Core: at most 255 ASCII signs; we keep names of at most 120."""
    is_text = isinstance(subject, str) and subject.isascii() and subject.isprintable()
    return is_text and 0 < len(str(subject)) <= 120


def roles_of(
    claims: Mapping[str, Any], *, practice: str, role_claim: str, roles: Sequence[tuple[str, str]]
) -> frozenset[Role]:
    """Every role that claims give at this practice, selected or not; see `person_of`."""
    values = set(_values(claims, practice, role_claim, None))
    return frozenset(Role(ours) for value, ours in roles if value in values)


def _values(claims: Mapping[str, Any], practice: str, role_claim: str, selected: object) -> list[str]:
    claimed = claims.get(role_claim)
    if isinstance(claimed, str):
        return [claimed]
    if not isinstance(claimed, list):
        return []
    values = [one for one in claimed if isinstance(one, str)]
    for one in claimed:
        if isinstance(one, dict) and one.get("org_code") == practice:
            is_selected = selected in {None, one.get("person_roleid")}
            code = one.get("role_code")
            if is_selected and isinstance(code, str):
                values.append(code.rpartition(":")[2])
    return values


def _name(claims: Mapping[str, Any]) -> str:
    def said(name: str) -> str:
        value = claims.get(name)
        return value.strip()[:200] if isinstance(value, str) else ""

    parts = " ".join(filter(None, map(said, ("title", "given_name", "family_name"))))
    return said("display_name") or said("name") or parts or str(claims["sub"])
