"""The record that stands for a Binary when it is asked who may see that (FHIR R4 binary.html)."""

from web_modules.fhir_store.elements.parameters import parameter_number

BINARY = "Binary"
CONTEXT = "securityContext"

CONTEXT_NUMBER = parameter_number(BINARY, f"_{CONTEXT}")
"""By which the index of references knows it; there is no search parameter for it."""
