"""A direction written and read again: by us, by the reader of llama.cpp's format, in repeng's way; and broken files."""

import json
from dataclasses import fields, replace
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from tiny import language_model

from capelib.errors import InputError
from capelib.steering import files
from capelib.steering.direction import TruthDirection
from capelib.steering.steer import steer


def direction(layers: tuple[int, ...] = (1, 2), seed: int = 0, **other: object) -> TruthDirection:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((len(layers), 32))
    facts = {
        "vectors": (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32),
        "spreads": rng.uniform(0.5, 900, len(layers)),
        "method": "mean",
        "model": "tiny llama",
        "n_layers": 3,
        "d_model": 32,
        "n_pairs": 64,
        "note": "layer 1 of 3, chosen on half of the pairs: “größer”\n§ 7.4",
    }
    return TruthDirection(layers=layers, **{**facts, **other})


def same(first: TruthDirection, second: TruthDirection, rtol: float = 0.0) -> None:
    for field in fields(TruthDirection):
        ours, theirs = getattr(first, field.name), getattr(second, field.name)
        if field.name in ("vectors", "spreads"):
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol)
        else:
            assert ours == theirs, field.name
            assert type(ours) is type(theirs)


def refused(path: Path, call: object = files.load) -> str:
    """The one line that the file costs, which names it."""
    with pytest.raises(InputError) as caught:
        call(path)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


# safetensors


@given(st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True), st.integers(0, 99), st.text(), st.text())
def test_safetensors_keep_every_bit(tmp_path_factory: object, layers: list, seed: int, note: str, name: str) -> None:
    path = tmp_path_factory.mktemp("saved") / "v.safetensors"
    before = direction(tuple(layers), seed, note=note, model=name)
    assert files.save(before, path) == path
    same(files.load(path), before)


def test_every_field_is_written() -> None:
    assert {field.name for field in fields(TruthDirection)} == {"layers", "vectors", "spreads", *files.FACTS}


def test_the_same_direction_gives_the_same_bytes(tmp_path: Path) -> None:
    for call, name in ((files.save, "v.safetensors"), (files.export_gguf, "v.gguf")):
        written = [call(direction(), tmp_path / name).read_bytes() for _ in range(8)]
        assert len(set(written)) == 1
        assert call(direction(seed=1), tmp_path / name).read_bytes() != written[0]


@pytest.mark.parametrize(("call", "name"), [(files.save, "v.safetensors"), (files.export_gguf, "v.gguf")])
def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: object, name: str
) -> None:
    path = call(direction(), tmp_path / name)
    before = path.read_bytes()

    def full(*given: object, **_named: object) -> None:
        for each in given:
            if isinstance(each, Path):
                each.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.numpy.save_file", full)
    monkeypatch.setattr(gguf.GGUFWriter, "write_tensors_to_file", full)
    message = refused(path, lambda path: call(direction(seed=1), path))
    assert "cannot be written" in message
    assert "No space left" in message
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", [files.save, files.export_gguf])
def test_a_path_that_is_a_folder_is_one_line(tmp_path: Path, call: object) -> None:
    assert "cannot be written" in refused(tmp_path, lambda path: call(direction(), path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("call", "name"), [(files.save, "v.safetensors"), (files.export_gguf, "v.gguf")])
def test_a_file_cut_anywhere_is_one_line(tmp_path: Path, call: object, name: str) -> None:
    whole, cut = call(direction(), tmp_path / name).read_bytes(), tmp_path / f"cut-{name}"
    for length in range(0, len(whole) - 1, 5):
        cut.write_bytes(whole[:length])
        assert "cut short" in refused(cut)


@pytest.mark.parametrize(
    "content", [b"", b"GGUF", b"GGUF" + bytes(60), b"{}", b"PK\x03\x04" + bytes(99), b"\x80" * 200]
)
def test_a_foreign_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    assert refused(tmp_path / "other").startswith(f"{tmp_path / 'other'}: ")
    assert (tmp_path / "other").read_bytes() == content


def test_no_file_a_folder_and_other_safetensors_are_one_line(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.safetensors")
    assert "cannot be read" in refused(tmp_path)
    save_file({"vectors": np.ones((1, 4), np.float32)}, tmp_path / "weights.safetensors")
    message = refused(tmp_path / "weights.safetensors")
    assert "no truth direction" in message
    assert "--save" in message
    save_file({"weight": np.ones(4)}, tmp_path / "named.safetensors", metadata={files.KEY: "{}"})
    assert "cut short" in refused(tmp_path / "named.safetensors")


def test_a_later_format_is_named_even_if_its_fields_are_others(tmp_path: Path) -> None:
    text, path = json.dumps({"format": 2, "places": []}), tmp_path / "v.safetensors"
    save_file({"vectors": np.ones((1, 4)), "spreads": np.ones(1)}, path, metadata={files.KEY: text})
    message = refused(path)
    assert [word for word in ("format 2", "reads 1", "update") if word not in message] == []


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"spreads": np.array([1.0])}, "fit together"),
        ({"spreads": np.array([1.0, -1.0])}, "fit together"),
        ({"spreads": np.array([1.0, np.nan])}, "fit together"),
        ({"layers": (1, 1)}, "fit together"),
        ({"layers": (1, 3)}, "fit together"),
        ({"d_model": 33}, "fit together"),
        ({"vectors": np.full((2, 32), 2, np.float32)}, "unit vectors"),
        ({"vectors": np.full((2, 32), np.nan, np.float32)}, "unit vectors"),
    ],
)
def test_parts_that_do_not_fit_are_one_line(tmp_path: Path, changed: dict, word: str) -> None:
    files.save(replace(direction(), **changed), tmp_path / "v.safetensors")
    assert word in refused(tmp_path / "v.safetensors")


# GGUF


def test_plain_reader_finds_what_llama_cpp_reads(tmp_path: Path) -> None:
    ours = direction((1, 2))
    reader = gguf.GGUFReader(files.export_gguf(ours, tmp_path / "v.gguf", "llama"))
    texts = {name: field.contents() for name, field in reader.fields.items()}
    assert texts["general.architecture"] == "controlvector"
    assert texts["controlvector.model_hint"] == "llama"
    assert texts["controlvector.layer_count"] == 2
    assert [tensor.name for tensor in reader.tensors] == ["direction.1", "direction.2"]
    for tensor, unit, spread in zip(reader.tensors, ours.vectors, ours.spreads, strict=True):
        assert tensor.tensor_type == gguf.GGMLQuantizationType.F32
        assert tensor.shape.tolist() == [32]
        np.testing.assert_allclose(tensor.data, unit.astype(float) * spread, rtol=1e-6)


def test_the_exported_vector_is_what_strength_1_adds(tmp_path: Path) -> None:
    import torch

    model, ours = language_model("llama"), direction((1,))
    (tensor,) = gguf.GGUFReader(files.export_gguf(ours, tmp_path / "v.gguf")).tensors
    block = int(tensor.name.removeprefix("direction."))
    ids, states = torch.tensor([[5, 9, 14, 3]]), []
    with torch.inference_mode():
        for strength in (0.0, 1.0):
            handle = model.model.model.layers[block + 1].register_forward_pre_hook(lambda _, x: states.append(x[0]))
            with steer(model, ours, strength):
                model.model(ids)
            handle.remove()
    added = (states[1] - states[0])[0].numpy()
    np.testing.assert_allclose(added, np.tile(tensor.data, (4, 1)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("layers", [(1,), (2, 1)])
def test_a_control_vector_comes_back_with_its_facts(tmp_path: Path, layers: tuple) -> None:
    before = direction(layers)
    files.export_gguf(before, tmp_path / "v.gguf")
    after = files.load(tmp_path / "v.gguf", language_model("llama"))
    assert after.layers == tuple(sorted(layers))
    for layer in layers:
        same(after.at(layer), before.at(layer), rtol=1e-6)


def test_block_0_cannot_be_exported(tmp_path: Path) -> None:
    message = refused(tmp_path / "v.gguf", lambda path: files.export_gguf(direction((0, 1)), path))
    assert "block 0" in message
    assert "1 to 2" in message
    assert not (tmp_path / "v.gguf").exists()


def as_repeng_writes(path: Path, vectors: dict[int, np.ndarray], hint: str = "llama", arch: str = "controlvector"):
    """Call by call what ControlVector.export_gguf of repeng 0.4.0 does."""
    writer = gguf.GGUFWriter(path, arch)
    writer.add_string(f"{arch}.model_hint", hint)
    writer.add_uint32(f"{arch}.layer_count", len(vectors))
    for layer in vectors:
        writer.add_tensor(f"direction.{layer}", vectors[layer])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_file_of_repeng_loads(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    vectors = {layer: rng.standard_normal(32).astype(np.float32) for layer in (2, 1)}  # it starts at the last
    path = as_repeng_writes(tmp_path / "v.gguf", vectors)
    found = files.load(path, language_model("llama"))
    assert (found.layers, found.n_layers, found.d_model, found.model) == ((1, 2), 3, 32, "llama")
    np.testing.assert_allclose(found.raw, [vectors[1], vectors[2]], rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, rtol=1e-6)
    assert "strength 1" in found.note
    assert files.load(path).n_layers == 3
    files.save(found, tmp_path / "v.safetensors")
    same(files.load(tmp_path / "v.safetensors"), found)


def test_repeng_reads_what_we_write(tmp_path: Path) -> None:
    """What ControlVector.import_gguf of repeng 0.4.0 takes out of a file: the hint, and every direction.N."""
    ours = direction((1, 2))
    reader = gguf.GGUFReader(files.export_gguf(ours, tmp_path / "v.gguf", "llama"))
    assert bytes(reader.get_field("general.architecture").parts[-1]) == b"controlvector"
    assert str(bytes(reader.get_field("controlvector.model_hint").parts[-1]), encoding="utf-8") == "llama"
    named = [tensor for tensor in reader.tensors if tensor.name.startswith("direction.")]
    directions = {int(tensor.name.split(".")[1]): tensor.data for tensor in named}
    assert list(directions) == [1, 2]
    np.testing.assert_array_equal([directions[1], directions[2]], ours.raw)


def test_a_layer_without_a_vector_is_left_out(tmp_path: Path) -> None:
    some = np.ones(32, np.float32)
    path = as_repeng_writes(tmp_path / "v.gguf", {1: some, 2: 0 * some})
    assert files.load(path).layers == (1,)
    assert "not all zero" in refused(as_repeng_writes(path, {1: 0 * some}))


@pytest.mark.parametrize(
    ("vectors", "options", "word"),
    [
        ({1: np.ones(32, np.float32)}, {"arch": "llama"}, "architecture 'llama'"),
        ({}, {}, "finite"),
        ({1: np.full(32, np.nan, np.float32)}, {}, "finite"),
        ({1: np.ones(32, np.float32), 2: np.ones(31, np.float32)}, {}, "one width"),
        ({1: np.ones((2, 16), np.float32)}, {}, "direction.1"),
        ({1: np.ones(32, np.int32)}, {}, "direction.1"),
        ({"one": np.ones(32, np.float32)}, {}, "direction.one"),
        ({"01": np.ones(32, np.float32)}, {}, "direction.01"),
    ],
)
def test_other_gguf_files_are_one_line(tmp_path: Path, vectors: dict, options: dict, word: str) -> None:
    assert word in refused(as_repeng_writes(tmp_path / "v.gguf", vectors, **options))


def test_a_direction_of_another_model_is_refused(tmp_path: Path) -> None:
    model = language_model("llama")
    wide = as_repeng_writes(tmp_path / "wide.gguf", {1: np.ones(33, np.float32)})
    deep = as_repeng_writes(tmp_path / "deep.gguf", {3: np.ones(32, np.float32)})
    files.save(direction((4,), n_layers=5), tmp_path / "deep.safetensors")
    for path in (wide, deep, tmp_path / "deep.safetensors"):
        with pytest.raises(InputError, match=r"tiny llama has 3 of width 32; fit one on it"):
            files.load(path, model)
