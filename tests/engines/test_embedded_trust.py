"""Which model file is trusted: the one that was there first, until the operator accepts another."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from b4tui.config import PolicyConfig
from b4tui.engines.attestation.pins import PinnedBy
from b4tui.engines.embedded import proofs
from b4tui.engines.embedded.digests import Digests
from b4tui.engines.embedded.weights import WeightsError, look
from b4tui.engines.types import FailureKind, Message, Role
from b4tui.events import Locality
from b4tui.provenance import Provenance
from tests.engines.conftest import ask
from tests.engines.own_engine import House, failed, processes, whole

PUBLIC = (Message(Role.USER, "hello", provenance=Provenance.PUBLIC),)


@pytest.fixture
def model(house: House, tiny_weights: Path) -> Path:
    """A copy of the tiny model, to be changed."""
    return Path(shutil.copy(tiny_weights, house.folder / "model.gguf"))


def change(model: Path) -> None:
    """Another model under the same name: one weight differs."""
    data = bytearray(model.read_bytes())
    data[-100] ^= 1
    model.write_bytes(data)


def change_but_for(model: Path, sign: str) -> None:
    """Another model, of which this one sign alone tells."""
    before = model.stat()
    changed = Path(shutil.copy(model, model.with_suffix(".new")))
    change(changed)
    if sign == "inode":
        changed.replace(model)
    else:
        model.write_bytes(changed.read_bytes() + (b"\0" if sign == "size" else b""))
    later = 1 if sign == "time" else 0
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns + later))


def sha256(model: Path) -> str:
    return hashlib.sha256(model.read_bytes()).hexdigest()


async def test_a_file_is_trusted_as_it_is_when_it_is_first_used(house: House, model: Path):
    async with house.open(model) as engine:
        attestation = await engine.attest("any")
    assert attestation.locality is Locality.ATTESTED
    assert attestation.digest == attestation.pinned == sha256(model)
    (pin,) = house.pins.all()
    assert (pin.place, pin.model, pin.by) == (f"file://{model}", "model.gguf", PinnedBy.FIRST_USE)
    assert [(proof.step, proof.holds) for proof in attestation.proofs] == [
        (proofs.FILE, True),
        (proofs.PROCESS, None),
        (proofs.FOLDER, None),
        (proofs.DIGEST, True),
    ]


async def test_to_attest_starts_nothing(house: House, model: Path):
    async with house.open(model) as engine:
        await engine.attest("any", fresh=True)
        assert not processes(str(house.sockets))


async def test_a_changed_file_gets_no_prompt_until_the_operator_accepts_it(house: House, model: Path):
    async with house.open(model) as engine:
        await whole(engine, ask())
        old = sha256(model)
        change(model)
        attestation = await engine.attest("any")
        assert attestation.locality is Locality.UNATTESTED
        assert attestation.changed
        assert attestation.missing is not None
        assert "b4tui models check model.gguf --engine own" in attestation.missing.fix
        assert "b4tui models pin model.gguf --engine own" in attestation.missing.fix
        failure = await failed(engine, ask(messages=PUBLIC))
        assert failure.kind is FailureKind.UNATTESTED
        assert old[:12] in failure.message
        assert sha256(model)[:12] in failure.message

        house.pins.pin(engine.address, "model.gguf", sha256(model), datetime.now(UTC))
        assert (await engine.attest("any")).locality is Locality.ATTESTED
        assert await whole(engine, ask())


async def test_an_accepted_file_is_loaded_anew(house: House, model: Path):
    async with house.open(model) as engine:
        await whole(engine, ask())
        (before, _) = processes(str(house.sockets))
        await asyncio.to_thread(change, model)
        house.pins.pin(engine.address, "model.gguf", sha256(model), datetime.now(UTC))
        await whole(engine, ask())
        (after, _) = processes(str(house.sockets))
    assert before.pid != after.pid


async def test_pins_that_cannot_be_read_keep_private_text_at_home(house: House, model: Path):
    (house.folder / "pins.json").write_text("not JSON")
    async with house.open(model) as engine:
        attestation = await engine.attest("any")
        assert attestation.locality is Locality.UNATTESTED
        failure = await failed(engine, ask())
        assert failure.kind is FailureKind.UNATTESTED
        assert "pins.json" in failure.message
        assert await whole(engine, ask(messages=PUBLIC))


async def test_where_no_proof_is_asked_for_private_text_goes_in_all_the_same(house: House, model: Path):
    (house.folder / "pins.json").write_text("not JSON")
    async with house.open(model, policy=PolicyConfig(require_attested=False)) as engine:
        assert await whole(engine, ask())


async def test_a_digest_is_computed_once_for_each_state_of_a_file(house: House, model: Path):
    store = house.folder / "digests.json"
    assert await Digests(store).of(look(model)) == sha256(model)
    # What the store says is believed as long as the file is in the state it was in.
    (row,) = json.loads(store.read_text()).values()
    store.write_text(json.dumps({str(model): {**row, "sha256": "kept"}}))
    assert await Digests(store).of(look(model)) == "kept"
    change(model)
    assert await Digests(store).of(look(model)) == sha256(model)
    assert len(json.loads(store.read_text())) == 1


@pytest.mark.parametrize("what", ["size", "time", "inode"])
async def test_every_sign_of_a_change_counts(house: House, model: Path, what: str):
    store = house.folder / "digests.json"
    await Digests(store).of(look(model))
    change_but_for(model, what)
    assert await Digests(store).of(look(model)) == sha256(model)


@pytest.mark.parametrize("text", ["", "[]", "not JSON", '{"%s": 7}', '{"%s": {"stamp": 1}}', "[" * 100_000])
async def test_a_store_of_digests_that_makes_no_sense_costs_time_only(house: House, model: Path, text: str):
    store = house.folder / "digests.json"
    store.write_text(text.replace("%s", str(model)))
    assert await Digests(store).of(look(model)) == sha256(model)


async def test_a_store_that_cannot_be_written_costs_time_only(house: House, model: Path):
    (house.folder / "file").write_text("")
    assert await Digests(house.folder / "file" / "digests.json").of(look(model)) == sha256(model)


async def test_those_who_ask_together_share_one_reading(house: House, model: Path):
    digests = Digests(house.folder / "digests.json")
    assert set(await asyncio.gather(*(digests.of(look(model)) for _ in range(20)))) == {sha256(model)}


async def test_a_file_that_is_written_to_while_it_is_read_is_not_trusted(house: House, model: Path):
    digests = Digests(house.folder / "digests.json")
    state = look(model)
    change(model)
    os.utime(model, ns=(1, 1))
    with pytest.raises(WeightsError, match="was written to while it was read"):
        await digests.of(state)
    assert not (house.folder / "digests.json").exists()
