"""CIP service codes that this controller answers."""

from __future__ import annotations

from enum import IntEnum

REPLY = 0x80
"""Set in the service byte of every reply."""


class Service(IntEnum):
    """Service codes; objects reuse some: 0x4C reads a tag or a template, 0x4E modifies a tag or closes a connection."""

    GET_ATTRIBUTES_ALL = 0x01
    GET_ATTRIBUTE_LIST = 0x03
    SET_ATTRIBUTE_LIST = 0x04
    MULTIPLE_SERVICE = 0x0A
    GET_ATTRIBUTE_SINGLE = 0x0E
    READ_TAG = 0x4C
    WRITE_TAG = 0x4D
    MODIFY_TAG = 0x4E
    FORWARD_CLOSE = 0x4E
    READ_FRAGMENT = 0x52
    UNCONNECTED_SEND = 0x52
    WRITE_FRAGMENT = 0x53
    FORWARD_OPEN = 0x54
    GET_INSTANCE_ATTRIBUTES = 0x55
    LARGE_FORWARD_OPEN = 0x5B
