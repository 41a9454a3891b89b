"""What the authorisation server says of itself."""

from typing import Any

from web_modules.identity.smart.assertions import ALGORITHMS
from web_modules.identity.smart.clients import PRIVATE_KEY_JWT, PUBLIC

_CAPABILITIES = (
    "launch-ehr launch-standalone authorize-post client-public client-confidential-asymmetric "
    "context-banner context-style context-ehr-patient context-ehr-encounter context-standalone-patient "
    "permission-offline permission-online "
    "permission-patient permission-user permission-v1 permission-v2 sso-openid-connect"
).split()
_SCOPES = (
    "openid fhirUser profile launch launch/patient offline_access online_access "
    "messaging/scratchpad messaging/ui patient/*.cruds user/*.cruds system/*.cruds"
).split()


def smart_configuration(issuer: str) -> dict[str, Any]:
    """`.well-known/smart-configuration` (SMART App Launch 2.2), which is also OIDC discovery."""
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/jwks",
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": _SCOPES,
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "name", "fhirUser"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [PRIVATE_KEY_JWT, PUBLIC],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "capabilities": list(_CAPABILITIES),
    }


def capability_security(issuer: str) -> dict[str, Any]:
    """`CapabilityStatement.rest.security` of a practice's FHIR base."""
    endpoints = {"authorize": "authorize", "token": "token", "introspect": "introspect", "revoke": "revoke"}
    return {
        "cors": True,
        "service": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                        "code": "SMART-on-FHIR",
                    }
                ],
                "text": "OAuth2 using SMART-on-FHIR profile (see http://docs.smarthealthit.org)",
            }
        ],
        "description": (
            "Records labelled R or V (v3-Confidentiality) are shown only to roles that may see them and "
            "have a legitimate relationship with the patient; others learn only that something was left out."
        ),
        "extension": [
            {
                "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                "extension": [
                    {"url": name, "valueUri": f"{issuer}/{path}"} for name, path in endpoints.items()
                ],
            }
        ],
    }
