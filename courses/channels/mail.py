"""Notices by e-mail, over Django's own settings (`EMAIL_URL`)."""

from __future__ import annotations

import smtplib
from typing import ClassVar

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import gettext as _

from courses.channels.base import Channel, Message, Reach
from peixun.lib.sms import NotSent

# The server answered that it does not take the message; after any other fault it may have taken it.
REFUSALS = (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)


class MailChannel(Channel):
    name: ClassVar = "email"
    connection: BaseEmailBackend | None = None

    def address_of(self, reach: Reach) -> str:
        return reach.email

    def send(self, message: Message) -> None:
        connection = self.connected()
        mail = EmailMessage(message.subject, message.body, to=[message.address], connection=connection)
        try:
            mail.send()
        except REFUSALS as error:
            self.close()
            raise NotSent(_("邮件服务器拒收，请核对邮箱地址。")) from error
        except OSError:
            self.close()
            raise

    def connected(self) -> BaseEmailBackend:
        """The connection that all messages go over; raises `NotSent` where there is none to be had."""
        if self.connection is None:
            connection = get_connection()
            try:
                connection.open()
            except OSError as error:  # smtplib's own are OSErrors too
                raise NotSent(_("连不上邮件服务器。")) from error
            self.connection = connection
        return self.connection

    def close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
