"""Signed notes, checkpoints, and the rotation of signing keys."""

import os
from pathlib import Path

import pytest

from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.signed_notes import Checkpoint, Signer, Verifier, list_signers, sign_note, verify_note
from stratiform.kit.signing_keys import SigningKeys, list_trusted_verifiers

#: The example of Go's golang.org/x/mod/sumdb/note; Ed25519 signatures are deterministic.
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n— PeterNeumann {SIGNATURE}\n"

#: The example of C2SP's signed-note.
C2SP_VERIFIER = Verifier.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
C2SP_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def test_known_answers() -> None:
    signer = Signer.parse(SECRET)
    assert signer.secret == SECRET
    assert str(signer.verifier) == PUBLIC
    assert Verifier.parse(PUBLIC) == signer.verifier
    assert sign_note(TEXT, signer) == NOTE
    assert verify_note(NOTE, [signer.verifier]) == (TEXT, [signer.verifier])
    assert verify_note(C2SP_NOTE, [C2SP_VERIFIER]) == ("This is an example message.\n", [C2SP_VERIFIER])
    assert list_signers(NOTE) == [("PeterNeumann", "c74f20a3")]


def test_note_with_empty_lines_and_several_signatures() -> None:
    first, second, third = (Signer.generate(name) for name in ("one", "two", "two"))
    note = sign_note("a\n\n\nb\n", first, second)
    assert verify_note(note, [second.verifier, first.verifier]) == ("a\n\n\nb\n", [first.verifier, second.verifier])
    assert verify_note(note, [third.verifier, second.verifier])[1] == [second.verifier]
    with pytest.raises(Invalid, match="not signed by a trusted key"):
        verify_note(note, [third.verifier])
    with pytest.raises(Invalid, match="not signed by a trusted key"):
        verify_note(note, [])


@pytest.mark.parametrize(
    "note",
    [
        NOTE.replace("cryptography", "steganography"),
        NOTE.replace("x08go/ZJ", "x08go/ZK"),
        NOTE.replace(SIGNATURE, SIGNATURE[:8]),
        NOTE[:-1],
        NOTE.rpartition("\n\n")[0],
        NOTE.replace("— ", "- "),
        NOTE.replace(SIGNATURE, "x08go$"),
        NOTE.replace("JnAM=", "JnAN="),
        NOTE.replace("you ", "you\t"),
        NOTE + "more\n",
        TEXT + "\n" + NOTE.rpartition("\n\n")[2] * 65,
        "",
        "\n\n",
    ],
)
def test_changed_or_malformed_note_is_invalid(note: str) -> None:
    with pytest.raises(Invalid):
        verify_note(note, [Verifier.parse(PUBLIC)])


@pytest.mark.parametrize(
    "text",
    ["", "x", PUBLIC[:-2], PUBLIC.replace("c74f20a3", "c74f20a4"), PUBLIC.replace("Peter", "Pe ter"), SECRET],
)
def test_malformed_key_is_invalid(text: str) -> None:
    with pytest.raises(Invalid):
        Verifier.parse(text)
    if text != SECRET:
        with pytest.raises(Invalid) as raised:
            Signer.parse(text)
        assert text not in raised.value.message or not text


def test_private_key_is_not_in_the_repr() -> None:
    signer = Signer.generate("ledger")
    assert repr(signer) == "Signer(name='ledger')"
    with pytest.raises(Invalid, match="invalid signer name"):
        Signer.generate("a b")
    with pytest.raises(Invalid, match="must end with a newline"):
        sign_note("no newline", signer)


def test_parse_checkpoint() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = Checkpoint.parse(text)
    assert (checkpoint.origin, checkpoint.size, str(checkpoint)) == ("example.com/behind-the-sofa", 20852163, text)
    assert Checkpoint.parse(text + "more\n") == checkpoint
    for malformed in (text[:-1], text.replace("2085", "02085"), text.replace("CsUY", "CsU"), text + "\n", "a\n1\n", ""):
        with pytest.raises(Invalid):
            Checkpoint.parse(malformed)


def test_create_keeps_existing_keys_and_restricts_permissions(tmp_path: Path) -> None:
    directory = tmp_path / "keys" / "ledger"
    with pytest.raises(Conflict, match="no signing key"):
        SigningKeys(directory).get_signer()
    SigningKeys(directory).create("ledger")
    first = SigningKeys(directory).get_signer()
    SigningKeys(directory).create("another")
    assert SigningKeys(directory).get_signer() == first
    assert [file.stat().st_mode & 0o777 for file in directory.iterdir() if file.is_file()] == [0o600] * 3
    assert directory.stat().st_mode & 0o777 == 0o700
    assert SigningKeys(directory).list_verifiers() == [first.verifier]


def test_key_is_trusted_if_its_predecessor_is_trusted(tmp_path: Path) -> None:
    keys, other_process = SigningKeys(tmp_path), SigningKeys(tmp_path)
    keys.create("ledger")
    first = keys.get_signer()
    second = keys.rotate()
    third = keys.rotate()
    assert other_process.get_signer().verifier == third
    assert keys.list_verifiers() == [first.verifier, second, third]
    assert not (tmp_path / "1").exists()
    assert list_trusted_verifiers(keys.list_key_notes(), [first.verifier]) == [first.verifier, second, third]
    assert list_trusted_verifiers(keys.list_key_notes(), [second]) == [second, third]
    assert list_trusted_verifiers(keys.list_key_notes(), [third]) == [third]
    assert list_trusted_verifiers(keys.list_key_notes(), [C2SP_VERIFIER]) == [C2SP_VERIFIER]
    assert list_trusted_verifiers(["", "x\n\n— y z\n", *keys.list_key_notes()[:1]], [first.verifier]) == [
        first.verifier
    ]


def test_successor_of_a_compromised_key_is_not_trusted(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    keys.create("ledger")
    first = keys.get_signer()
    second = keys.rotate(compromised=True)
    assert list_trusted_verifiers(keys.list_key_notes(), [first.verifier]) == [first.verifier]
    assert list_trusted_verifiers(keys.list_key_notes(), [second]) == [second]


def test_note_without_the_heading_is_not_a_key_note(tmp_path: Path) -> None:
    signer = Signer.generate("ledger")
    other = Signer.generate("ledger")
    note = sign_note(f"some other text\n{other.verifier}\n", signer, other)
    assert list_trusted_verifiers([note], [signer.verifier]) == [signer.verifier]


def test_partial_files_of_a_crash_are_ignored(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    keys.create("ledger")
    first = keys.get_signer()
    (tmp_path / ".2").write_text("half a k")
    (tmp_path / ".2.pub").write_text("half a n")
    assert keys.get_signer() == first
    second = keys.rotate()
    assert keys.list_verifiers() == [first.verifier, second]
    assert os.stat(tmp_path / "2").st_mode & 0o777 == 0o600


def test_last_note(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    assert keys.read_last_note() is None
    keys.save_last_note("one")
    keys.save_last_note("two")
    assert SigningKeys(tmp_path).read_last_note() == "two"
    assert keys.list_key_notes() == []
