"""Pure: how legacy rows and FHIR resources become records, and back."""
