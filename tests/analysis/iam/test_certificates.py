"""The end of real certificates is read as their maker wrote it; what is no certificate is refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.controls.iam import certificate
from watchword.analysis.iam.certificates import CertificateError, not_after, signing_certificates_end

pytest.importorskip("cryptography", reason="makes the certificates of this test; comes with watchword[lab]")
from watchword.lab.estate.identity_federation import certificate as real_certificate
from watchword.lab.estate.identity_federation import metadata

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("year", [2021, 2026, 2049, 2050, 2055, 9999])
def test_the_end_of_a_real_certificate_is_read_in_both_forms_of_time(year: int) -> None:
    end = datetime(year, 6, 7, 8, 9, 10, tzinfo=UTC)
    assert not_after(real_certificate("Okta", BEGIN, end)) == end


@pytest.mark.parametrize(("text", "year"), [("491231235959Z", 2049), ("500101000000Z", 1950)])
def test_two_digits_of_a_year_mean_1950_to_2049(text: str, year: int) -> None:
    assert signing_certificates_end(_holding(certificate(text)))[0].year == year


def test_metadata_of_the_lab_has_one_signing_certificate() -> None:
    end = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert signing_certificates_end(metadata("Okta", BEGIN, end)) == (end,)


def test_a_key_without_use_signs_as_well_and_one_for_encryption_does_not() -> None:
    end = datetime(2027, 1, 2, tzinfo=UTC)
    signing = metadata("Okta", BEGIN, end)
    assert signing_certificates_end(signing.replace(' use="signing"', "")) == (end,)
    assert signing_certificates_end(signing.replace('use="signing"', "use = 'encryption'")) == ()


def test_metadata_without_keys_has_no_certificates() -> None:
    assert signing_certificates_end("<EntityDescriptor/>") == ()


@pytest.mark.parametrize(
    "text", ["AAAA", "not base64!", "", base64.b64encode(b"\x30\x03\x30\x01\x00").decode()]
)
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises(CertificateError):
        signing_certificates_end(_holding(text))


def _holding(text: str) -> str:
    return f"<KeyDescriptor><X509Certificate>{text}</X509Certificate></KeyDescriptor>"


@given(data=st.binary(max_size=200), cut=st.integers(0, 400))
def test_no_bytes_raise_anything_else(data: bytes, cut: int) -> None:
    whole = _WHOLE[:cut] + data
    for broken in (data, whole):
        try:
            not_after(broken)
        except CertificateError:
            continue


_WHOLE = real_certificate("Okta", BEGIN, datetime(2027, 1, 2, tzinfo=UTC))
