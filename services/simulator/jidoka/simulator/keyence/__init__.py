"""A Keyence CV-X vision controller: commands on TCP 8500, result lines, images pushed by FTP, and its faults.

Made from published facts about the protocol; never compared with hardware.
"""

from jidoka.simulator.keyence.controller import Controller, Look
from jidoka.simulator.keyence.faults import CleanDelivery, Delivery, RandomFaults
from jidoka.simulator.keyence.line import KeyenceLine
from jidoka.simulator.keyence.push import Push
from jidoka.simulator.keyence.server import serve

__all__ = ["CleanDelivery", "Controller", "Delivery", "KeyenceLine", "Look", "Push", "RandomFaults", "serve"]
