"""What can go wrong in the shell, as one tree; each message is a sentence for the person at the screen.

ShellError
├── SettingsError             an option, variable or file is wrong: correct it
├── CloudError                the cloud cannot be used: it does not answer, or is not the one that was meant
│   └── WrongEnvironmentError  shell and cloud belong to different environments
├── HostError
│   ├── DescriptionError       a legacy program's description cannot be used: its author must mend it
│   ├── ProgramError           a legacy program could not be started: this machine's set-up must be mended
│   ├── NativeNotBuiltError    this kind of desktop cannot host a legacy program yet
│   ├── BrowserSettingsError   the browser has a setting that nobody decided about: an upgrade needs a look
│   ├── PaperError             a page could not be printed: look at the printer
│   └── RootRefusedError       Chromium has no sandbox for root, and this is not a place to go without
"""


class ShellError(Exception):
    """Anything that the shell reports in a sentence and ends with."""


class HostError(ShellError):
    """A pane cannot be hosted."""


class DescriptionError(HostError):
    """A legacy program's description is missing, malformed or at odds with itself."""


class ProgramError(HostError):
    """A legacy program could not be started. Trying again helps after the cause is mended."""


class NativeNotBuiltError(HostError):
    """Hosting a foreign window is not built for this kind of desktop."""


class BrowserSettingsError(HostError):
    """The browser's table of settings differs from the one that was decided on."""


class PaperError(HostError):
    """A page could not be printed, or not to its end."""


class RootRefusedError(HostError):
    """The browser would run without its sandbox where patients' records are real."""


class SettingsError(ShellError):
    """An option, variable or file of the shell's settings is wrong."""


class CloudError(ShellError):
    """The cloud cannot be used: it does not answer, or it is not the one that was meant."""


class WrongEnvironmentError(CloudError):
    """Shell and cloud belong to different environments (hazard H21)."""
