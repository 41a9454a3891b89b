"""The cloud side: FHIR resources and their history, over the published client."""
