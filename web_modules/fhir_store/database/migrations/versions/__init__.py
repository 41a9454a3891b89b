"""One module a step; `migrating.HEAD` names the last."""
