"""Loading: what was saved comes back, conversions happen once, unsafe or broken input is told in one line."""

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from tiny import PROMPTS, save, tiny

from capelib.errors import InputError
from capelib.models import BUILTINS, builtin, cache, load, memory


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("model"))


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def edit(path: Path, **changes: object) -> None:
    settings = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in {**settings, **changes}.items() if v is not None}))


def test_a_folder_gives_the_model_that_was_saved(folder: Path) -> None:
    loaded, saved = load(str(folder)), tiny("llama")
    assert (loaded.source, len(loaded.revision)) == ("folder", 16)
    assert (loaded.n_layers, loaded.d_model) == (3, 32)
    assert loaded.n_params == sum(weight.numel() for weight in saved.parameters())
    assert not loaded.model.training
    ids = torch.tensor([loaded.tokenizer(PROMPTS[0])["input_ids"]])
    with torch.inference_mode():
        assert torch.equal(loaded.model(ids).logits, saved(ids).logits)


def test_a_folders_fingerprint_is_that_of_its_weights(copy: Path, folder: Path) -> None:
    from capelib.models.folder import fingerprint

    first = fingerprint(folder)
    assert fingerprint(copy) == first
    weights = copy / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-3] ^= 1
    weights.write_bytes(changed)
    assert fingerprint(copy) != first


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_the_number_format_is_the_one_asked_for(folder: Path, dtype: str) -> None:
    assert load(str(folder), dtype=dtype).model.dtype == getattr(torch, dtype)


def test_on_a_cpu_the_format_is_float32_whatever_is_stored(tmp_path: Path) -> None:
    tiny("llama").to(torch.bfloat16).save_pretrained(tmp_path)
    from tiny import tokenizer

    tokenizer().save_pretrained(tmp_path)
    assert load(str(tmp_path), device="cpu").model.dtype == torch.float32


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dtype": "float23"}, "unknown dtype 'float23' \\(closest: 'float32'\\)"),
        ({"device": "cuda:9"}, "unknown device 'cuda:9'"),
        ({"revision": "main"}, "a revision belongs to a model of the hub"),
    ],
)
def test_wrong_settings_are_told(folder: Path, arguments: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load(str(folder), **arguments)


def test_pickled_weights_are_refused_and_not_read(copy: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple:
            return (os.system, (f"touch {copy / 'exploded'}",))

    (copy / "model.safetensors").unlink()
    torch.save(Bomb(), copy / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"pickled \(pytorch_model.bin\).*safetensors"):
        load(str(copy))
    assert not (copy / "exploded").exists()


@pytest.mark.parametrize("kind", ["own_thing", "gpt99"])
def test_code_that_comes_with_a_model_is_refused_and_not_run(copy: Path, kind: str) -> None:
    (copy / "modeling.py").write_text(f"open({str(copy / 'exploded')!r}, 'w')\nclass Own: pass\nclass Config: pass\n")
    edit(
        copy / "config.json",
        model_type=kind,
        auto_map={"AutoConfig": "modeling.Config", "AutoModelForCausalLM": "modeling.Own"},
    )
    with pytest.raises(InputError, match="code of its own, which is never run"):
        load(str(copy))
    assert not (copy / "exploded").exists()


def test_a_tokenizer_with_code_of_its_own_is_refused(copy: Path) -> None:
    (copy / "tokenizer.json").unlink()
    edit(copy / "tokenizer_config.json", auto_map={"AutoTokenizer": ["own.Tokenizer", None]}, tokenizer_class="Own")
    with pytest.raises(InputError, match="tokenizer needs code of its own"):
        load(str(copy))


def test_broken_folders_are_told(copy: Path) -> None:
    weights = copy / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="broken or incomplete"):
        load(str(copy))
    weights.unlink()
    with pytest.raises(InputError, match=r"no model\.safetensors in it"):
        load(str(copy))
    weights.write_bytes(whole)
    (copy / "model.safetensors.index.json").write_text('{"weight_map": {"a": "gone.safetensors"}}')
    with pytest.raises(InputError, match=r"1 of 1 weight files missing, such as gone\.safetensors"):
        load(str(copy))
    for listed in (["a"], {"a": "../gone.safetensors"}, {"a": 3}):
        (copy / "model.safetensors.index.json").write_text(json.dumps({"weight_map": listed}))
        with pytest.raises(InputError, match=r"lists no weights|names files"):
            load(str(copy))
    (copy / "model.safetensors.index.json").unlink()
    edit(copy / "config.json", model_type=["llama"])
    with pytest.raises(InputError, match="names no model_type"):
        load(str(copy))
    edit(copy / "config.json", model_type=None)
    with pytest.raises(InputError, match="names no model_type"):
        load(str(copy))
    (copy / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config\.json cannot be read"):
        load(str(copy))
    (copy / "config.json").unlink()
    with pytest.raises(InputError, match=r"no config\.json"):
        load(str(copy))


def test_weights_that_are_missing_are_not_made_up(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(copy / "model.safetensors")
    weights.pop(next(name for name in weights if "layers.1.mlp" in name))
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match="1 of its weights are missing"):
        load(str(copy))


def test_an_encoder_or_a_classifier_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    with pytest.raises(InputError, match="architecture 't5' is not known"):
        load(str(tmp_path))


def test_an_encoder_that_loads_as_a_decoder_is_refused(tmp_path: Path) -> None:
    from tiny import COMMON, tokenizer
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(AutoConfig.for_model("bert", **COMMON)).save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    with pytest.raises(InputError, match="an encoder, whose words see the words that follow"):
        load(str(tmp_path))


def test_states_that_are_no_numbers_are_told(folder: Path) -> None:
    from capelib.models import residuals

    loaded = load(str(folder))
    with torch.no_grad():
        loaded.model.model.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    with pytest.raises(InputError, match="states of layer 1 are no numbers in float32; its weights may be damaged"):
        residuals(loaded, PROMPTS)


def test_a_tokenizer_of_another_model_is_told(folder: Path) -> None:
    from capelib.models import residuals

    loaded = load(str(folder))
    loaded.model.resize_token_embeddings(10)
    with pytest.raises(InputError, match=r"which the model does not know|knows fewer"):
        residuals(loaded, PROMPTS)


def test_a_folder_without_tokenizer_is_told(copy: Path) -> None:
    for path in copy.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(InputError, match="no tokenizer in it"):
        load(str(copy))


def test_a_file_is_made_once_whole_and_again_if_damaged(tmp_path: Path) -> None:
    from hashlib import sha256

    made, target = [], tmp_path / "cache" / "file"

    def make(draft: Path) -> None:
        made.append(draft)
        draft.write_bytes(b"abc")

    digest = sha256(b"abc").hexdigest()
    for _ in range(2):
        assert cache.made_once(target, digest, make).read_bytes() == b"abc"
    target.write_bytes(b"ab")  # what an interrupted copy leaves
    cache.made_once(target, digest, make)
    assert len(made) == 2
    with pytest.raises(InputError, match="damaged; install it again"):
        cache.made_once(tmp_path / "other", "0" * 64, make)
    assert not (tmp_path / "other").exists()


def test_too_little_memory_is_told_before_anything_is_loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1_000)
    with pytest.raises(InputError, match=r"needs about 0\.0 GB in float32 on cpu.*--dtype bfloat16"):
        load(str(folder), device="cpu")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "must be named; built in: smollm2-135m"),
        ("./nowhere", "no such file or folder"),
        ("nowhere.gguf", "no such file or folder"),
        ("a/b/c/d", "is no model.*built-in model"),
        ("smollm2-135n", "closest built-in model: smollm2-135m"),
        ("owner/never-heard-of", "HF_HUB_OFFLINE is set"),
    ],
)
def test_names_that_lead_nowhere_are_told(name: str, words: str, offline: None) -> None:
    with pytest.raises(InputError, match=words) as told:
        load(name)
    assert "\n" not in str(told.value)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub.constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def test_a_file_that_is_no_gguf_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match="no GGUF file"):
        load(str(tmp_path / "x.gguf"))
    (tmp_path / "x.gguf").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(InputError, match="cannot read this GGUF file"):
        load(str(tmp_path / "x.gguf"))
    assert not [path for path in cache.cache_dir().glob(".x-*") if path.is_dir()]


@pytest.fixture(autouse=True)
def own_cache(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "real" not in request.node.name:
        monkeypatch.setenv("CAPE_CACHE", str(tmp_path / "cache"))


def _slow(source: Path, folder: Path) -> None:
    with (source.parent / "log").open("a") as log:
        log.write("converted\n")
    time.sleep(0.5)
    (folder / "weights").write_bytes(source.read_bytes() * 2)


def _ask(source: Path) -> None:
    cache.converted("m", source, _slow)


def test_two_processes_at_once_convert_once(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"abc")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_ask, [source, source])
    assert (tmp_path / "log").read_text() == "converted\n"
    assert (cache.converted("m", source, _slow) / "weights").read_bytes() == b"abcabc"


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"abc")

    def fail(_: Path, folder: Path) -> None:
        (folder / "half").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.converted("m", source, fail)
    assert not [path for path in cache.cache_dir().iterdir() if path.is_dir()]


@pytest.mark.parametrize("harm", ["shorter", "other bytes", "gone", "no seal"])
def test_a_damaged_conversion_is_made_again(tmp_path: Path, harm: str) -> None:
    source, told = tmp_path / "source", []
    source.write_bytes(b"abc")
    made = cache.converted("m", source, _slow, told.append)
    match harm:
        case "shorter":
            (made / "weights").write_bytes(b"abc")
        case "other bytes":
            (made / "weights").write_bytes(b"abcabd")
        case "gone":
            (made / "weights").unlink()
        case "no seal":
            (made / cache.SEAL).unlink()
    assert (cache.converted("m", source, _slow, told.append) / "weights").read_bytes() == b"abcabc"
    assert len(told) == 2


def test_a_touched_file_with_the_same_bytes_is_whole(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"abc")
    made = cache.converted("m", source, _slow)
    os.utime(made / "weights", (1, 1))
    cache.converted("m", source, _slow)
    assert (tmp_path / "log").read_text() == "converted\n"


def test_another_source_is_another_conversion(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"abc")
    first = cache.converted("m", source, _slow)
    source.write_bytes(b"abd")
    assert cache.converted("m", source, _slow) != first


def test_a_builtin_without_its_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtin, "find_spec", lambda name: None)
    for name, each in BUILTINS.items():
        with pytest.raises(InputError, match=each.install.split(" (")[0].replace(".", r"\.")):
            load(name)


def test_importing_the_room_loads_neither_torch_nor_transformers() -> None:
    code = "import sys, capelib.models; assert not {'torch', 'transformers', 'gguf'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_the_real_builtin_loads_and_makes_sense() -> None:
    model = load("smollm2-135m")
    assert (model.source, len(model.revision)) == ("built-in", 16)
    assert "instruction-tuned" in model.facts
    ids = torch.tensor([model.tokenizer("The capital of France is the city of")["input_ids"]])
    with torch.inference_mode():
        word = model.tokenizer.decode(model.model(ids).logits[0, -1].argmax())
    assert word.strip() == "Paris"
