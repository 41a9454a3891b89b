"""The embedded FHIR R4 store: records by practice, generic over every resource type."""
