"""Sign-in at an OpenID provider such as NHS CIS2."""
