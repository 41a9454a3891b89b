"""What FHIR types are made of: elements, paths through them, search parameters, what is indexed."""
