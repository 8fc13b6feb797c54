"""A real slapd of our own: in a folder of its own, on loopback, with certificates made for it, stopped by its pid.

    with Slapd.started(folder) as slapd:
        slapd.add(person("alice", password="…"), group("admins", ["alice"]))
        settings = LdapSettings(**slapd.settings())

Others use it as well: a browser that signs in needs a directory that answers.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SLAPD = shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/openldap")
MODULES = Path("/usr/lib/ldap")
SCHEMAS = Path("/etc/ldap/schema")
SUFFIX = "dc=abc,dc=example"
ADMIN = f"cn=admin,{SUFFIX}"
ADMIN_PASSWORD = "lab-admin-password"
READER = f"cn=reader,{SUFFIX}"
READER_PASSWORD = "lab-reader-password"

needs_slapd = pytest.mark.skipif(SLAPD is None or not MODULES.is_dir(), reason="slapd is not installed")
"""For tests that need it: `apt-get install slapd`."""

Values = str | bytes | Sequence[str | bytes]
Entry = tuple[str, Mapping[str, Values]]
"""A DN and its attributes."""


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ldif(entries: Iterable[Entry]) -> str:
    """Entries as LDIF (RFC 2849), each value in base64 so that any is possible."""
    lines: list[str] = []
    for dn, attributes in entries:
        lines.append(f"dn:: {base64.b64encode(dn.encode()).decode()}")
        for name, values in attributes.items():
            for value in _several(values):
                raw = value.encode() if isinstance(value, str) else value
                lines.append(f"{name}:: {base64.b64encode(raw).decode()}")
        lines.append("")
    return "\n".join(lines) + "\n"


def person(uid: str, *, password: str = "", under: str = f"ou=people,{SUFFIX}", **more: Values) -> Entry:
    """A person as OpenLDAP's directories have them."""
    attributes: dict[str, Values] = {
        "objectClass": ["inetOrgPerson"],
        "uid": uid,
        "cn": uid.title(),
        "sn": uid.title(),
        "mail": f"{uid}@abc.example",
    }
    if password:
        attributes["userPassword"] = password
    return f"uid={uid},{under}", {**attributes, **more}


def group(cn: str, members: Iterable[str], *, under: str = f"ou=groups,{SUFFIX}", **more: Values) -> Entry:
    """A group of members, each a full DN or the ``uid`` of a person."""
    names = [name if "=" in name else f"uid={name},ou=people,{SUFFIX}" for name in members]
    return f"cn={cn},{under}", {"objectClass": "groupOfNames", "cn": cn, "member": names, **more}


def group_dn(cn: str) -> str:
    """The DN of a group."""
    return f"cn={cn},ou=groups,{SUFFIX}"


def folders() -> list[Entry]:
    """The suffix and what stands right below it, among it the account that may read."""
    return [
        (SUFFIX, {"objectClass": ["dcObject", "organization"], "dc": "abc", "o": "Company ABC"}),
        (f"ou=people,{SUFFIX}", {"objectClass": "organizationalUnit", "ou": "people"}),
        (f"ou=groups,{SUFFIX}", {"objectClass": "organizationalUnit", "ou": "groups"}),
        (
            READER,
            {
                "objectClass": ["organizationalRole", "simpleSecurityObject"],
                "cn": "reader",
                "userPassword": READER_PASSWORD,
            },
        ),
        (
            f"cn=policy,{SUFFIX}",
            {
                "objectClass": ["namedPolicy", "pwdPolicy"],
                "cn": "policy",
                "pwdAttribute": "userPassword",
                "pwdLockout": "TRUE",
                "pwdMaxFailure": "3",
                "pwdFailureCountInterval": "600",
            },
        ),
    ]


@dataclass(frozen=True)
class Certificates:
    """An authority and one certificate for ``names``, as files."""

    ca: Path
    certificate: Path
    key: Path


def certificates(
    folder: Path,
    names: Sequence[str] = ("127.0.0.1", "localhost"),
    *,
    ended: bool = False,
    called: str = "test authority",
) -> Certificates:
    """Make an authority and a certificate; ``ended`` makes one whose time is over."""
    folder.mkdir(parents=True, exist_ok=True)
    now = dt.datetime.now(dt.UTC)
    until = now - dt.timedelta(days=1) if ended else now + dt.timedelta(days=2)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)])
    begun = now - dt.timedelta(days=3)
    ca = (
        x509.CertificateBuilder()
        .subject_name(ca_name)
        .issuer_name(ca_name)
        .public_key(ca_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begun)
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .add_extension(_usage(signs=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(ca_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begun)
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    made = Certificates(folder / "ca.pem", folder / "certificate.pem", folder / "key.pem")
    made.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return made


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


CONFIGURATION = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
include {schemas}/nis.schema
include {schemas}/namedobject.schema
{schema}
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
modulepath {modules}
moduleload back_mdb.so
moduleload ppolicy.so
moduleload memberof.so
{more_modules}
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
threads 4
database mdb
maxsize 1073741824
suffix "{suffix}"
rootdn "{admin}"
rootpw "{admin_password}"
directory {folder}/data
dbnosync
index objectClass eq
index uid eq
index entryUUID eq
{limits}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by anonymous auth by self read by * none
overlay ppolicy
ppolicy_default "cn=policy,{suffix}"
ppolicy_use_lockout
overlay memberof
memberof-dangling ignore
{more}
"""


@dataclass
class Slapd:
    """One server; ``start`` it, ``add`` entries, ``stop`` it (and start it again: its data stay)."""

    folder: Path
    names: Sequence[str] = ("127.0.0.1", "localhost")
    ended_certificate: bool = False
    limits: str = 'limits dn.exact="cn=reader,dc=abc,dc=example" size.soft=unlimited size.hard=unlimited'
    more: str = ""
    """Further lines of the database's configuration."""
    schema: str = ""
    """Further lines before it: attribute types and object classes of a test."""
    modules: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    port: int = 0
    tls_port: int = 0
    certificates: Certificates | None = None

    @classmethod
    @contextmanager
    def started(cls, folder: Path, **settings: Any) -> Iterator[Slapd]:
        """A running server with the company's folders, stopped at the end."""
        server = cls(folder, **settings)
        try:
            server.prepare(folders())
            server.start()
            yield server
        finally:
            server.stop()

    def prepare(self, entries: Iterable[Entry] = ()) -> None:
        """Make certificates, configuration and a database of ``entries``, which may be many."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "data").mkdir(exist_ok=True)
        self.certificates = certificates(self.folder / "tls", self.names, ended=self.ended_certificate)
        (self.folder / "slapd.conf").write_text(
            CONFIGURATION.format(
                schemas=SCHEMAS,
                folder=self.folder,
                modules=MODULES,
                ca=self.certificates.ca,
                certificate=self.certificates.certificate,
                key=self.certificates.key,
                suffix=SUFFIX,
                admin=ADMIN,
                admin_password=ADMIN_PASSWORD,
                reader=READER,
                schema=self.schema,
                more_modules="\n".join(f"moduleload {name}.so" for name in self.modules),
                limits=self.limits,
                more=self.more,
            )
        )
        self.load(entries)

    def load(self, entries: Iterable[Entry]) -> None:
        """Put entries into the database of a server that does not run: fast, and without many of its checks."""
        file = self.folder / "load.ldif"
        with file.open("w") as opened:
            for entry in entries:
                opened.write(ldif([entry]) + "\n")
        if not file.stat().st_size:
            return
        done = subprocess.run(
            [str(SLAPD), "-T", "add", "-q", "-f", self.folder / "slapd.conf", "-l", file],
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()[-2000:]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.port, self.tls_port = self.port or free_port(), self.tls_port or free_port()
        self.process = subprocess.Popen(
            [
                str(SLAPD),
                "-d",
                "0",
                "-f",
                str(self.folder / "slapd.conf"),
                "-h",
                f"{self.url} {self.tls_url}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "slapd.log").open("ab"),
        )
        for _ in range(400):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.tls_port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise AssertionError(f"slapd has not started: {(self.folder / 'slapd.log').read_text()[-2000:]}")

    def stop(self) -> None:
        """Stop it by its pid."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        self.process = None

    @property
    def url(self) -> str:
        """The address without TLS, where StartTLS is to be asked for."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """The address with TLS from the first byte."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def ca_file(self) -> str:
        """The authority that has signed its certificate."""
        assert self.certificates is not None
        return str(self.certificates.ca)

    def settings(self, **changes: Any) -> dict[str, Any]:
        """What `LdapSettings` needs to read it."""
        return {
            "directory": "company",
            "urls": (self.tls_url,),
            "base_dn": SUFFIX,
            "bind_dn": READER,
            "bind_password": READER_PASSWORD,
            "ca_file": self.ca_file,
            **changes,
        }

    def add(self, *entries: Entry) -> None:
        """Add entries to the running server."""
        import bonsai

        with self._administrator() as connection:
            for dn, attributes in entries:
                entry = bonsai.LDAPEntry(dn)
                for name, values in attributes.items():
                    entry[name] = list(_several(values))
                connection.add(entry, 10)

    def modify(self, dn: str, **values: Values) -> None:
        """Replace attributes of an entry; without a value they are removed."""
        import bonsai

        with self._administrator() as connection:
            entry = connection.search(dn, bonsai.LDAPSearchScope.BASE, attrlist=["*", "+"])[0]
            for name, value in values.items():
                entry.change_attribute(name, bonsai.LDAPModOp.REPLACE, *_several(value))
            entry.modify(10)

    def remove(self, dn: str) -> None:
        """Remove an entry."""
        with self._administrator() as connection:
            connection.delete(dn, 10)

    def _administrator(self) -> Any:
        import bonsai

        # Without TLS: it is our own server, and its certificate may be one that nobody should accept.
        client = bonsai.LDAPClient(self.url)
        client.set_credentials("SIMPLE", ADMIN, ADMIN_PASSWORD)
        return client.connect(timeout=10)


def _several(values: Values) -> list[str | bytes]:
    return [values] if isinstance(values, str | bytes) else list(values)
