"""Django's mail by SMTP, which hangs up on a server that answers without an end.

EMAIL_TIMEOUT bounds the wait for each piece of an answer, so a byte now and then would keep the worker for hours.
"""

import smtplib
from contextlib import suppress
from socket import SHUT_RDWR
from threading import Timer

from django.core.mail.backends import smtp

LONGEST_ANSWER = 60.0  # seconds, all pieces together


class _Impatient(smtplib.SMTP):
    def getreply(self) -> tuple[int, bytes]:
        end = Timer(LONGEST_ANSWER, self._hang_up)
        end.daemon = True
        end.start()
        try:
            return super().getreply()
        except BaseException:  # also a signal that ends the worker
            self.close()
            raise
        finally:
            end.cancel()

    def _hang_up(self) -> None:
        if self.sock:
            with suppress(OSError):  # it is closed already
                self.sock.shutdown(SHUT_RDWR)


class _ImpatientByTLS(_Impatient, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _ImpatientByTLS if self.use_ssl else _Impatient
