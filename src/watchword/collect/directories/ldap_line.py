"""The line to an LDAP server: reached in time, proved by its certificate, and cut into whole messages.

libldap waits without a limit while it shakes hands for TLS and while a message is incomplete, and nothing else in this
process runs meanwhile: one server that stops in the middle would stop everything.  So it never meets the network.  A line
speaks to the server, with Python's TLS and its time limits; libldap speaks to the line over a Unix socket in a folder that
only this user may enter, and gets messages that are whole and not too large.
"""

from __future__ import annotations

import select
import shutil
import socket
import ssl
import tempfile
import threading
from pathlib import Path
from time import monotonic
from typing import Final
from urllib.parse import quote

from watchword.collect.directories.ldap_settings import LdapSettings, Tls, address
from watchword.errors import DirectoryError, DirectoryUnreachable, DirectoryUntrusted

START_TLS: Final = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + b"1.3.6.1.4.1.1466.20037"
"""The StartTLS request (RFC 4511 §4.14.1) as message 1."""

LARGEST_MESSAGE: Final = 64 * 2**20
"""Bytes of one message: a group with half a million members is half of it."""

LONGEST_ANSWER: Final = 4096
"""Bytes of the answer to StartTLS."""

PIECE: Final = 65536
LONGEST_PATH: Final = 90
"""Bytes of the path of a Unix socket; systems allow a little more than a hundred."""


class Line:
    """A connection to one server, and the address under which libldap finds it.

    Raises:
        DirectoryUnreachable: the server does not answer in time, or not in LDAP.
        DirectoryUntrusted: it cannot prove that it is the one that is asked for.
    """

    def __init__(self, settings: LdapSettings, url: str) -> None:
        self._server = reach(settings, url)
        self._folder = _folder()
        self._near = socket.socket(socket.AF_UNIX)
        try:
            path = self._folder / "s"
            self._near.bind(str(path))
            self._near.listen(1)
            self._near.settimeout(settings.connect_timeout)
        except OSError:
            self.close()
            raise
        self.address = f"ldapi://{quote(str(path), safe='')}"
        threading.Thread(target=self._carry, name="ldap line", daemon=True).start()

    def close(self) -> None:
        """End the line; more than once does no harm."""
        shutil.rmtree(self._folder, ignore_errors=True)
        for one in (self._near, self._server):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._near.close()

    def _carry(self) -> None:
        """Carry messages to and fro until one side ends."""
        try:
            near, _ = self._near.accept()
            shutil.rmtree(self._folder, ignore_errors=True)
            with near:
                near.settimeout(None)
                self._exchange(near)
        except OSError:
            return
        finally:
            self._server.close()
            self._near.close()

    def _exchange(self, near: socket.socket) -> None:
        buffer = bytearray()
        while True:
            ready, _, _ = select.select([near, self._server], [], [])
            if near in ready:
                request = near.recv(PIECE)
                if not request:
                    return
                self._server.sendall(request)
            if self._server in ready and not self._receive(near, buffer):
                return

    def _receive(self, near: socket.socket, buffer: bytearray) -> bool:
        """Pass on the messages that are complete; False where the server has ended, or says what is no message."""
        while True:
            try:
                piece = self._server.recv(PIECE)
            except TimeoutError:
                return True  # the rest of a TLS record is still to come
            if not piece:
                return False
            buffer += piece
            if not isinstance(self._server, ssl.SSLSocket) or not self._server.pending():
                break
        end = 0
        while size := message_size(buffer, end):
            if size < 0:
                return False
            if end + size > len(buffer):
                break
            end += size
        if end:
            near.sendall(buffer[:end])
            del buffer[:end]
        return True


def message_size(data: bytes | bytearray, start: int = 0) -> int:
    """Bytes of the message that begins at ``start``, with its head; 0 while that cannot be told, -1 where it is none.

    A message is a SEQUENCE of definite length (RFC 4511 §5.1).
    """
    head = data[start : start + 6]
    if head and head[0] != 0x30:
        return -1
    if len(head) < 2:
        return 0
    if head[1] < 0x80:
        return 2 + head[1]
    octets = head[1] & 0x7F
    if not 1 <= octets <= 4:
        return -1
    if len(head) < 2 + octets:
        return 0
    size = 2 + octets + int.from_bytes(head[2 : 2 + octets], "big")
    return size if size <= LARGEST_MESSAGE else -1


def reach(settings: LdapSettings, url: str) -> socket.socket:
    """Reach a server, with TLS where it is asked for, and verify its certificate and name.

    Raises:
        DirectoryUnreachable: it does not answer in time, or not in LDAP.
        DirectoryUntrusted: it cannot prove that it is the one that is asked for.
    """
    context = _context(settings)
    try:
        return _secured(settings, url, context)
    except ssl.SSLCertVerificationError as error:
        raise DirectoryUntrusted(
            f"the server's certificate is not accepted: {error.verify_message}",
            where=url,
            remedy="set ca_file to the authority that has signed it, and use the name that stands in it",
        ) from None
    except ssl.SSLError as error:
        raise DirectoryUntrusted(
            f"the server does not speak TLS as it should: {error.reason or 'the handshake failed'}",
            where=url,
            remedy="see that the address and port are those of LDAP over TLS",
        ) from None
    except TimeoutError:
        raise unreachable(url, f"it has not answered within {settings.connect_timeout:g} s") from None
    except OSError as error:
        raise unreachable(url, error.strerror or "it cannot be reached") from None


def _secured(settings: LdapSettings, url: str, context: ssl.SSLContext) -> socket.socket:
    host, port = address(url)
    plain = socket.create_connection((host, port), settings.connect_timeout)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        protection = settings.protection(url)
        if protection is Tls.NONE:
            return plain
        if protection is Tls.STARTTLS:
            _ask_for_tls(plain, url)
        return context.wrap_socket(plain, server_hostname=host)
    except (OSError, DirectoryError):
        plain.close()
        raise


def _context(settings: LdapSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ValueError):  # an SSLError is an OSError
        raise DirectoryUntrusted(
            "the file of authorities cannot be read, or holds no certificate",
            where=settings.ca_file,
            remedy="set ca_file to a file of certificates in PEM",
        ) from None


def _ask_for_tls(plain: socket.socket, url: str) -> None:
    """Ask for StartTLS and read the answer: an extended response (tag 0x78) whose result code is 0, and not a byte more.

    What came after it would have been sent in the clear by anybody, and must not be taken for the server's.
    """
    plain.sendall(START_TLS)
    answer, ends = b"", monotonic() + (plain.gettimeout() or 0)
    while not (size := message_size(answer)) or (size > 0 and len(answer) < size):
        piece = plain.recv(4096)
        if not piece:
            raise unreachable(url, "it has ended the connection")
        answer += piece
        if len(answer) > LONGEST_ANSWER or monotonic() > ends:
            raise TimeoutError
    # LDAPMessage { messageID 1, [APPLICATION 24] { resultCode ENUMERATED, … } }
    place = answer.find(b"\x0a\x01")
    accepted = b"\x78" in answer[:12] and place > 0 and answer[place + 2 : place + 3] == b"\0"
    if not accepted or len(answer) != size:
        raise DirectoryUntrusted(
            "the server does not offer StartTLS",
            where=url,
            remedy="give it a certificate, or use its ldaps:// address; nothing is sent in the clear",
        )


def unreachable(url: str, what: str) -> DirectoryUnreachable:
    """The error that a server cannot be reached."""
    return DirectoryUnreachable(
        f"the directory cannot be reached: {what}",
        where=url,
        remedy="see that the server runs and that its port can be reached from here",
    )


def _folder() -> Path:
    """A new folder for this user only; its path in lower case, since addresses lose theirs, and short."""
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - mkdtemp makes a folder nobody else enters
        if parent == parent.lower() and len(parent) < LONGEST_PATH - 20:
            return Path(tempfile.mkdtemp(prefix="ldap-", dir=parent))
    raise DirectoryError(
        "there is no folder for temporary files with a short path in lower case", remedy="set TMPDIR"
    )
