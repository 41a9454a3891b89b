"""Published: the FHIR R4 client that modules, bridge and shell share, and the words of the mirror's status."""
