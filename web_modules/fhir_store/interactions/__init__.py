"""What is done of a request: FHIR's interactions, from who asks to the answer."""
