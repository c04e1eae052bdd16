"""A Logix controller that unmodified EtherNet/IP clients read and write: explicit messaging, no hardware.

plc = Controller()
plc.define("Speed", REAL, initial=1.5)
with plc.serve() as server:
    ...  # any client, at 127.0.0.1 and server.port
"""

from jidoka.simulator.logix.codec import Value
from jidoka.simulator.logix.controller import Controller
from jidoka.simulator.logix.counts import RequestCounts
from jidoka.simulator.logix.faults import Faults
from jidoka.simulator.logix.memory import Memory
from jidoka.simulator.logix.reply_faults import Effect, Rule
from jidoka.simulator.logix.server import Server
from jidoka.simulator.logix.services import Service
from jidoka.simulator.logix.types import (
    BOOL,
    DINT,
    INT,
    LINT,
    LREAL,
    REAL,
    SINT,
    STRING,
    UDINT,
    UINT,
    ULINT,
    USINT,
    DataType,
    DefinitionError,
    Member,
    String,
    Struct,
)

__all__ = [
    "BOOL",
    "DINT",
    "INT",
    "LINT",
    "LREAL",
    "REAL",
    "SINT",
    "STRING",
    "UDINT",
    "UINT",
    "ULINT",
    "USINT",
    "Controller",
    "DataType",
    "DefinitionError",
    "Effect",
    "Faults",
    "Member",
    "Memory",
    "RequestCounts",
    "Rule",
    "Server",
    "Service",
    "String",
    "Struct",
    "Value",
]
