"""Makes bodies smaller on their way, and larger again no further than they may be (RFC 9110, section 8.4)."""

import zlib

from web_modules.fhir_store.refusals import IssueCode, Refusal, refuse

SMALLEST_PACKED_BYTES = 4096
"""A smaller answer fits into three packets as it is; to pack it takes longer than to send it."""

QUICK_BYTES = 64_000
"""To pack so much takes less than a millisecond: about as long as to hand it to another thread."""

_LEVEL = 1
"""FHIR's JSON becomes a seventh; with the usual level a ninth, in three times the time."""

_GZIP = 16 + zlib.MAX_WBITS
_NAMES = frozenset({"gzip", "x-gzip"})


def is_wanted(accept_encoding: str) -> bool:
    """Whether somebody takes gzip."""
    found = None
    for one in accept_encoding.lower().split(","):
        name, _, quality = one.partition(";")
        if name.strip() in {*_NAMES, "*"}:
            told = quality.replace(" ", "").removeprefix("q=")
            is_taken = not told or not told.startswith("0") or bool(told.strip("0."))
            if name.strip() != "*":
                return is_taken
            found = is_taken
    return bool(found)


def packed(body: bytes) -> bytes:
    """A body in gzip."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """A body as it was before somebody packed it.

    Args:
        body: as it came.
        encoding: the Content-Encoding.
        most: bytes that it may have.

    Raises:
        Refusal: 415, it is packed in another way; 413, it is larger; 400, it is not what it says.
    """
    if encoding not in _NAMES:
        words = "This server takes what is not compressed, or compressed with gzip once."
        refusal = refuse(415, IssueCode.NOT_SUPPORTED, words)
        raise Refusal(415, refusal.issues, headers={"accept-encoding": "gzip, identity"})
    unpacker = zlib.decompressobj(_GZIP)
    try:
        whole = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        raise refuse(400, IssueCode.STRUCTURE, "The body is not gzip, as Content-Encoding says.") from error
    if len(whole) > most:
        words = "The body is larger than this server takes once it is unpacked; send it in parts."
        raise refuse(413, IssueCode.TOO_COSTLY, words)
    if not unpacker.eof or unpacker.unused_data:
        raise refuse(400, IssueCode.STRUCTURE, "The body is not one whole gzip, as Content-Encoding says.")
    return whole
