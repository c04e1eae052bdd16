"""EtherNet/IP frames as bytes: whether a reply is the one to a request, and what its status says."""

HEADER = 24
SEND_RR_DATA = 0x6F
SEND_UNIT_DATA = 0x70

_MEANING = {
    (0x04, 0x0000): "no such tag",
    (0x05, 0x0000): "no such tag or element",
    (0x0F, None): "access refused",
    (0x08, None): "service not supported",
    (0x10, None): "refused in this mode of the controller",
    (0x13, None): "too little data",
    (0xFF, 0x2104): "beyond the end of the tag",
    (0xFF, 0x2105): "beyond the end of the tag",
    (0xFF, 0x2107): "the type does not match",
}


class WrongReply(ValueError):
    """A reply that is not the one to the request."""


def match(request: bytes, reply: bytes) -> None:
    """Refuse a reply that is not the one to this request. Raises WrongReply."""
    if reply[:2] != request[:2]:
        raise WrongReply("a reply to another command came")
    if status := int.from_bytes(reply[8:12], "little"):
        raise WrongReply(f"encapsulation status 0x{status:02x}")
    command = request[0]
    if command == SEND_UNIT_DATA and reply[44:46] != request[44:46]:
        raise WrongReply("a late reply to an earlier request came")
    service = 46 if command == SEND_UNIT_DATA else 40
    if command in (SEND_UNIT_DATA, SEND_RR_DATA) and (reply[service] & 0x7F) not in _services(request, service):
        raise WrongReply("a reply to another service came")


def _services(request: bytes, offset: int) -> tuple[int, ...]:
    # A target may answer an Unconnected_Send (0x52) itself, or hand through the reply of the embedded service.
    return (request[offset], request[50]) if request[offset] == 0x52 and offset == 40 else (request[offset],)


def status_text(raw: bytes) -> str:
    """The status of a connected reply in plain words, with its codes; the driver's own texts mislead."""
    status = raw[48]
    extended = int.from_bytes(raw[50:52], "little") if raw[49:50] != b"\x00" and len(raw) >= 52 else 0
    meaning = _MEANING.get((status, extended)) or _MEANING.get((status, None)) or "the controller refused"
    return f"{meaning} (status {status:02x}/{extended:04x})"
