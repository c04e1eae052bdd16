"""The Template object, class 0x6C: Get_Attribute_List 0x03 of a template and reading its definition 0x4C."""

from __future__ import annotations

import struct

from jidoka.simulator.logix.attributes import attribute_list
from jidoka.simulator.logix.cursor import Cursor
from jidoka.simulator.logix.epath import Kind
from jidoka.simulator.logix.messages import Answer, Context, Request
from jidoka.simulator.logix.services import Service
from jidoka.simulator.logix.status import CipError, Extended, Status
from jidoka.simulator.logix.templates import Template, Templates


class TemplateObject:
    """Serves the templates of one controller, by instance id."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def handle(self, request: Request, context: Context) -> Answer:
        """Answer a request to an instance of class 0x6C."""
        template = self._template(request)
        if request.service == Service.GET_ATTRIBUTE_LIST:
            return Answer(attribute_list(request.data, _attributes(template)))
        if request.service == Service.READ_TAG:
            return _read(template, request.data, context)
        raise CipError(Status.UNSUPPORTED_SERVICE)

    def _template(self, request: Request) -> Template:
        path = request.path
        template = self._templates.by_instance.get(path[1].value) if len(path) == 2 else None
        if template is None or path[1].kind != Kind.INSTANCE:
            raise CipError(Status.PATH_UNKNOWN, 0)
        return template


def _attributes(template: Template) -> dict[int, bytes]:
    return {
        1: struct.pack("<H", template.handle),
        2: struct.pack("<H", template.members),
        3: struct.pack("<H", 0),
        4: struct.pack("<I", template.words),
        5: struct.pack("<I", template.size),
    }


def _read(template: Template, data: bytes, context: Context) -> Answer:
    cursor = Cursor(data)
    offset, size = cursor.u32(), cursor.u16()
    if offset >= len(template.definition):
        raise CipError(Status.EXTENDED, Extended.BEYOND_END)
    wanted = template.definition[offset : offset + size]
    part = wanted[: context.limit - 4]
    return Answer(part, Status.SUCCESS if part == wanted else Status.PARTIAL)
