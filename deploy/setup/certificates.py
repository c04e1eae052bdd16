"""The installation's own certificate authority, for the broker and, until the plant brings one, for the edge."""

import ipaddress
import subprocess
import tempfile
from pathlib import Path

from folder import write

AUTHORITY_DAYS, CERTIFICATE_DAYS, RENEW_DAYS = 3650, 397, 60
NAME = "/CN=Jidoka installation"
USAGE = "keyUsage=critical,keyCertSign,cRLSign"
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """ca.crt and ca.key in a folder; made when missing."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.key = folder / "ca.crt", folder / "ca.key"
        if not self.certificate.exists():
            with tempfile.TemporaryDirectory() as work:
                cert, key = Path(work) / "crt", Path(work) / "key"
                wanted = ("-days", str(AUTHORITY_DAYS), "-subj", NAME, "-addext", USAGE)
                _openssl("req", "-x509", *wanted, *KEY, "-keyout", str(key), "-out", str(cert))
                write(self.key, key.read_text())
                write(self.certificate, cert.read_text())

    def issue(self, folder: Path, name: str, hosts: list[str]) -> None:
        """<name>.crt and <name>.key for the hosts, when missing or soon over. A certificate of another issuer stays."""
        certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
        if certificate.exists() and (not self._issued(certificate) or _good(certificate, hosts)):
            return
        with tempfile.TemporaryDirectory() as work:
            request, new_key, new = Path(work) / "csr", Path(work) / "key", Path(work) / "crt"
            extensions = Path(work) / "extensions"
            extensions.write_text(f"subjectAltName={_names(hosts)}\nextendedKeyUsage=serverAuth\n")
            _openssl("req", "-new", "-subj", f"/CN={hosts[0]}", *KEY, "-keyout", str(new_key), "-out", str(request))
            signer = ("-CA", str(self.certificate), "-CAkey", str(self.key), "-extfile", str(extensions))
            _openssl("x509", "-req", "-in", str(request), *signer, "-days", str(CERTIFICATE_DAYS), "-out", str(new))
            write(key, new_key.read_text())
            write(certificate, new.read_text())

    def _issued(self, certificate: Path) -> bool:
        return _openssl("verify", "-no_check_time", "-CAfile", str(self.certificate), str(certificate), check=False)


def _good(certificate: Path, hosts: list[str]) -> bool:
    lasts = _openssl("x509", "-noout", "-checkend", str(RENEW_DAYS * 86_400), "-in", str(certificate), check=False)
    option = {True: "-checkip", False: "-checkhost"}
    named = [_output("x509", "-noout", option[_is_address(host)], host, "-in", str(certificate)) for host in hosts]
    return lasts and not any("NOT match" in text for text in named)


def _names(hosts: list[str]) -> str:
    return ",".join(dict.fromkeys(f"{'IP' if _is_address(host) else 'DNS'}:{host}" for host in hosts))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _openssl(*arguments: str, check: bool = True) -> bool:
    return subprocess.run(["openssl", *arguments], check=check, capture_output=True).returncode == 0


def _output(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True).stdout
