"""Who may open a websocket to the records, and what is left of a subscription's owner."""

from starlette.requests import HTTPConnection

from web_modules.fhir_store.access import Access
from web_modules.fhir_store.endpoint import Closed
from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse
from web_modules.fhir_store.subscriptions.owners import Renewed
from web_modules.fhir_store.subscriptions.socket import SocketGate
from web_modules.identity.admission import Admission
from web_modules.identity.auditing import Happening, IdentityAudit
from web_modules.identity.wall import FORGED
from web_modules.security import bearer_of, is_own_origin, with_query_token


def socket_gate(admission: Admission, audit: IdentityAudit) -> SocketGate:
    """A page of any site may open a socket, and the browser sends the cookie along: only our own may so."""

    def check(connection: HTTPConnection) -> Access | Closed:
        known = with_query_token(connection)
        if bearer_of(known) is None and not is_own_origin(connection):
            return _forged(audit, connection)
        access = admission.access_of(known)
        if access is not None:
            return access
        refusal = refuse(401, IssueCode.LOGIN, "Sign in first, or bring a token.")
        return _closed(audit, connection, refusal, "Nobody is known by what this brought.")

    return check


def open_socket_gate(audit: IdentityAudit, anybody: Access) -> SocketGate:
    """Where no sign-in is asked for, a page of any site could listen through the browser."""

    def check(connection: HTTPConnection) -> Access | Closed:
        return anybody if is_own_origin(connection) else _forged(audit, connection)

    return check


def renewing(admission: Admission, *, without_sign_in: Access | None) -> Renewed:
    """What is left of somebody today.

    Args:
        admission: knows everybody who signs in or brings a token.
        without_sign_in: who asks where no sign-in is asked for; None where it always is.
    """
    return lambda access: access if access == without_sign_in else admission.renewed(access)


def _forged(audit: IdentityAudit, connection: HTTPConnection) -> Closed:
    refusal = refuse(403, IssueCode.FORBIDDEN, "This did not come from one of our pages.")
    return _closed(audit, connection, refusal, FORGED)


def _closed(audit: IdentityAudit, connection: HTTPConnection, refusal: Refusal, why: str) -> Closed:
    noted = audit.turned_away(connection, Happening.PROOF, why, f"GET {connection.scope['path']}")
    return Closed(refusal=refusal, noted=noted)
