"""How notices leave the house: one class for each way, named by the setting `PEIXUN_CHANNELS`."""

from courses.channels.base import Channel, Message, Reach, open_channels
from peixun.lib.sms import NotSent

__all__ = ["Channel", "Message", "NotSent", "Reach", "open_channels"]
