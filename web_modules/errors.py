"""What can stop the cloud from starting or going on, told apart by what a person can do about it.

CloudError
├── SettingsError          a setting is missing, unknown or contradicts another: correct it
├── AssetsMissing          files of others that setup.sh fetches are not there: run it
├── DatabaseUnavailable    the database cannot be opened or written
├── BackupUnusable         a backup cannot be written, or is not a whole one: name another file
└── AddressUnavailable     the port is taken, or the host is not ours

Each message is one sentence that says what is wrong and what to do now. What the FHIR store refuses a
client is told in `web_modules.fhir_store.refusals`.
"""


class CloudError(Exception):
    """The cloud cannot start or go on; the message is one sentence for the person who started it."""


class SettingsError(CloudError):
    """A setting is missing, unknown, malformed, or contradicts another."""


class AssetsMissing(CloudError):
    """Definitions or styles that `sh installers/setup.sh` fetches are not in their place."""


class DatabaseUnavailable(CloudError):
    """The database cannot be opened, created or written."""


class BackupUnusable(CloudError):
    """A backup cannot be written, or cannot be restored."""


class AddressUnavailable(CloudError):
    """The address to serve on is in use by another program, or is not one of this machine's."""
