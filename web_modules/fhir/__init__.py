"""Published: the FHIR R4 client of modules, bridge and shell, and the words of the mirror's status."""
