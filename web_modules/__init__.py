"""The cloud: a FHIR store, identity, the modules of each function, and what they publish to others."""
