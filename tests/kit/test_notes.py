"""Signed notes, checkpoints, and keys that follow each other."""

import os
from pathlib import Path

import pytest

from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.signed_notes import Checkpoint, Signer, Verifier, open_note, sign, signers_of
from stratiform.kit.signing import SigningKeys, trusted

#: The example of Go's golang.org/x/mod/sumdb/note. Ed25519 signatures have no chance in them.
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n— PeterNeumann {SIGNATURE}\n"

#: The example of C2SP's signed-note.
FOREIGN = Verifier.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
FOREIGN_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def test_known_answers() -> None:
    signer = Signer.parse(SECRET)
    assert signer.secret == SECRET
    assert str(signer.verifier) == PUBLIC
    assert Verifier.parse(PUBLIC) == signer.verifier
    assert sign(TEXT, signer) == NOTE
    assert open_note(NOTE, [signer.verifier]) == (TEXT, [signer.verifier])
    assert open_note(FOREIGN_NOTE, [FOREIGN]) == ("This is an example message.\n", [FOREIGN])
    assert signers_of(NOTE) == [("PeterNeumann", "c74f20a3")]


def test_a_note_with_empty_lines_and_several_signatures() -> None:
    one, two, three = (Signer.generate(name) for name in ("one", "two", "two"))
    note = sign("a\n\n\nb\n", one, two)
    assert open_note(note, [two.verifier, one.verifier]) == ("a\n\n\nb\n", [one.verifier, two.verifier])
    assert open_note(note, [three.verifier, two.verifier])[1] == [two.verifier]
    with pytest.raises(Invalid, match="none of the known keys"):
        open_note(note, [three.verifier])
    with pytest.raises(Invalid, match="none of the known keys"):
        open_note(note, [])


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
def test_whatever_is_changed_is_refused(note: str) -> None:
    with pytest.raises(Invalid):
        open_note(note, [Verifier.parse(PUBLIC)])


@pytest.mark.parametrize(
    "text",
    ["", "x", PUBLIC[:-2], PUBLIC.replace("c74f20a3", "c74f20a4"), PUBLIC.replace("Peter", "Pe ter"), SECRET],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Verifier.parse(text)
    if text != SECRET:
        with pytest.raises(Invalid) as refused:
            Signer.parse(text)
        assert text not in refused.value.message or not text


def test_a_private_key_is_shown_nowhere() -> None:
    signer = Signer.generate("ledger")
    assert repr(signer) == "Signer(name='ledger')"
    with pytest.raises(Invalid, match="neither spaces nor a plus sign"):
        Signer.generate("a b")
    with pytest.raises(Invalid):
        sign("no newline", signer)


def test_checkpoints() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    found = Checkpoint.parse(text)
    assert (found.origin, found.size, str(found)) == ("example.com/behind-the-sofa", 20852163, text)
    assert Checkpoint.parse(text + "more\n") == found
    for bad in (text[:-1], text.replace("2085", "02085"), text.replace("CsUY", "CsU"), text + "\n", "a\n1\n", ""):
        with pytest.raises(Invalid):
            Checkpoint.parse(bad)


def test_keys_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    folder = tmp_path / "keys" / "ledger"
    with pytest.raises(Conflict, match="no key that signs"):
        SigningKeys(folder).signer()
    SigningKeys(folder).create("ledger")
    first = SigningKeys(folder).signer()
    SigningKeys(folder).create("another")
    assert SigningKeys(folder).signer() == first
    assert [file.stat().st_mode & 0o777 for file in folder.iterdir() if file.is_file()] == [0o600] * 3
    assert folder.stat().st_mode & 0o777 == 0o700
    assert SigningKeys(folder).verifiers() == [first.verifier]


def test_a_new_key_is_vouched_for_by_the_one_before_it(tmp_path: Path) -> None:
    keys, elsewhere = SigningKeys(tmp_path), SigningKeys(tmp_path)
    keys.create("ledger")
    first = keys.signer()
    second = keys.rotate()
    third = keys.rotate()
    assert elsewhere.signer().verifier == third
    assert keys.verifiers() == [first.verifier, second, third]
    assert not (tmp_path / "1").exists()
    assert trusted(keys.told(), [first.verifier]) == [first.verifier, second, third]
    assert trusted(keys.told(), [second]) == [second, third]
    assert trusted(keys.told(), [third]) == [third]
    assert trusted(keys.told(), [FOREIGN]) == [FOREIGN]
    assert trusted(["", "x\n\n— y z\n", *keys.told()[:1]], [first.verifier]) == [first.verifier]


def test_a_stolen_key_vouches_for_nobody(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    keys.create("ledger")
    first = keys.signer()
    second = keys.rotate(stolen=True)
    assert trusted(keys.told(), [first.verifier]) == [first.verifier]
    assert trusted(keys.told(), [second]) == [second]


def test_a_checkpoint_is_never_taken_for_a_key(tmp_path: Path) -> None:
    signer = Signer.generate("ledger")
    other = Signer.generate("ledger")
    note = sign(f"some other text\n{other.verifier}\n", signer, other)
    assert trusted([note], [signer.verifier]) == [signer.verifier]


def test_what_a_crash_left_behind_changes_nothing(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    keys.create("ledger")
    first = keys.signer()
    (tmp_path / ".2").write_text("half a k")
    (tmp_path / ".2.pub").write_text("half a n")
    assert keys.signer() == first
    second = keys.rotate()
    assert keys.verifiers() == [first.verifier, second]
    assert os.stat(tmp_path / "2").st_mode & 0o777 == 0o600


def test_the_last_note_is_remembered(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    assert keys.last() is None
    keys.remember("one")
    keys.remember("two")
    assert SigningKeys(tmp_path).last() == "two"
    assert keys.told() == []
