"""Published: the FHIR R4 client of modules, bridge and shell, and the words of the mirror's status.

    from web_modules.fhir.client import FhirClient
    from web_modules.fhir.retrying import Retrying
    from web_modules.fhir.transport import HttpTransport

    transport = HttpTransport("https://cloud.example/Y99002/fhir", token="…")
    client = FhirClient(Retrying(transport, within_seconds=20))
    for patient in client.search("Patient", {"family": "Byrne", "_count": "50"}):
        ...

`client` reads and writes, `transport` carries it over HTTP (the embedded store is a transport too, in
process), `retrying` sends again what may be sent again, `backend_services` gets tokens by a key, and `errors`
says whose fault it is and whether to try again. `audit_chain` links and checks
the entries of an audit log.
"""
