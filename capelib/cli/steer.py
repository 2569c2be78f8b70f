"""`cape steer`: its options, what may be said together, and where it leads."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from capelib.cli.memory import enough_memory
from capelib.cli.models import Device, Dtype, Revision
from capelib.cli.paths import can_fill, can_write

OF_A_PROMPT = ("new_tokens", "temperature", "top_p", "tokens")
OF_EVALUATE = ("questions", "n_questions", "sweep", "strengths", "layers", "out", "chart")
OF_SWEEP = ("strengths", "layers")
MODEL = "Built-in name (smollm2-135m, gemma3-270m), folder, GGUF file or hub id."
PROMPT = "What the model continues; - reads it from standard input."
LAYER = "Block that is steered: index, fraction of the depth, or auto; default: 0.25, or that of --load."
QUESTIONS = "Questions of your own, a CSV in TruthfulQA's columns or JSONL; default: the edition's, held-out half."


def _option(name: str, words: str, metavar: str | None = None) -> object:
    return typer.Option(name, help=words, metavar=metavar)


def steer(
    context: typer.Context,
    model: Annotated[str, typer.Argument(help=MODEL, show_default=False)],
    prompt: Annotated[str | None, typer.Argument(help=PROMPT, show_default=False)] = None,
    strength: Annotated[float, _option("--strength", "How much is added; below zero pushes towards false.")] = 1.0,
    unit: Annotated[str, _option("--unit", "Of strengths: spread of the layer's states, or raw length.")] = "spread",
    layer: Annotated[str | None, _option("--layer", LAYER, "LAYER")] = None,
    method: Annotated[str | None, _option("--method", "mean, logistic or pca; default: mean.", "METHOD")] = None,
    seed: Annotated[int, _option("--seed", "Seed of every random draw.")] = 0,
    new_tokens: Annotated[int, _option("--new-tokens", "Tokens to write.")] = 40,
    temperature: Annotated[
        float, _option("--temperature", "0 takes the likeliest token, above it they are drawn.")
    ] = 0,
    top_p: Annotated[float, _option("--top-p", "Draw among the likeliest tokens of this total probability.")] = 1,
    tokens: Annotated[str, _option("--tokens", "Tokens of the texts that are steered: all, or new.")] = "all",
    evaluate: Annotated[bool, typer.Option("--evaluate", help="Measure on questions, beside controls.")] = False,
    questions: Annotated[Path | None, _option("--questions", QUESTIONS, "FILE")] = None,
    n_questions: Annotated[int | None, _option("--n-questions", "Only so many questions, drawn at random.")] = None,
    sweep: Annotated[bool, typer.Option("--sweep", help="Measure all --strengths at all --layers too.")] = False,
    strengths: Annotated[str, _option("--strengths", "Strengths of a sweep.")] = "-1,-0.5,0.5,1",
    layers: Annotated[str, _option("--layers", "Layers of a sweep; with --load: all of the file.")] = "0.25,0.5,0.75",
    out: Annotated[Path | None, _option("--out", "Keep results here; the same command resumes.", "FOLDER")] = None,
    chart: Annotated[Path | None, _option("--chart", "Draw outcomes by strength and layer.", "HTML")] = None,
    load: Annotated[
        Path | None, _option("--load", "Take a direction in safetensors or GGUF, fit none.", "FILE")
    ] = None,
    save: Annotated[Path | None, _option("--save", "Write the direction as safetensors.", "FILE")] = None,
    export_gguf: Annotated[Path | None, _option("--export-gguf", "Write it for llama.cpp, repeng.", "FILE")] = None,
    device: Device = "auto",
    dtype: Dtype = "auto",
    revision: Revision = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Add a truth direction to a model while it writes, or measure on questions what that does.

    For example: cape steer smollm2-135m "The capital of Australia is"
    """
    from capelib.cli import steer_evaluate, steer_open, steer_show
    from capelib.models import check_settings

    said = {name for name in context.params if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"}
    _together(said, evaluate, sweep)
    _numbers(strength, seed, new_tokens, temperature, top_p)
    _words(unit, tokens, method)
    if out:
        can_fill("--out", out)
    for option, path, ending in (
        ("--save", save, ".safetensors"),
        ("--export-gguf", export_gguf, ".gguf"),
        ("--chart", chart, ".html"),
    ):
        if path:
            can_write(option, path, ending, made=out)
    text = None if prompt is None else _text(prompt)
    file = steer_open.direction_file(load, method) if load else None
    wanted = steer_open.Wanted(
        model, (device, dtype, revision), strength, unit, layer, method or "mean", seed, load, file, save, export_gguf
    )
    asked = steer_evaluate.asked(questions, n_questions, wanted, chart) if evaluate else None
    swept = steer_evaluate.doses(strengths, layers, "layers" in said) if sweep else None
    check_settings([model], device, dtype, revision)
    with enough_memory():
        if asked:
            steer_evaluate.evaluate(wanted, asked, swept, out, chart, json)
        elif text is None:
            steer_open.write_direction(wanted, json)
        else:
            steer_show.show(wanted, text, steer_show.Writing(new_tokens, temperature, top_p, tokens), json)


def _together(said: set[str], evaluate: bool, sweep: bool) -> None:
    """Raise InputError for options that do not go together, or none that says what to do."""
    from capelib.errors import InputError

    prompt = "prompt" in said
    if prompt and evaluate:
        raise InputError("a prompt and --evaluate, which asks questions of its own, exclude each other; leave one out")
    if not (prompt or evaluate or said & {"save", "export_gguf"}):
        raise InputError(
            "nothing to do: give a prompt to continue, --evaluate to measure, or --save to write the direction; got "
            'neither; for example: cape steer smollm2-135m "The capital of Australia is"'
        )
    for names, there, owner in ((OF_EVALUATE, evaluate, "--evaluate"), (OF_SWEEP, sweep, "--sweep"),
                                (OF_A_PROMPT, prompt, "a prompt")):  # fmt: skip
        for name in names:
            if name in said and not there:
                raise InputError(f"--{name.replace('_', '-')} belongs to {owner}, which is not given; add it")


def _numbers(strength: float, seed: int, new_tokens: int, temperature: float, top_p: float) -> None:
    from capelib.vocabulary import number

    number().check("--strength", strength)
    number(0, 2**32 - 1, whole=True).check("--seed", seed)
    number(1, 100_000, whole=True).check("--new-tokens", new_tokens)
    number(0, 1000).check("--temperature", temperature)
    number(0.001, 1).check("--top-p", top_p)


def _words(unit: str, tokens: str, method: str | None) -> None:
    from capelib.steering.estimators import estimator
    from capelib.steering.steer import UNITS
    from capelib.vocabulary import one_of

    one_of(*UNITS).check("--unit", unit)
    one_of("all", "new").check("--tokens", tokens)
    estimator(method or "mean")


def _text(prompt: str) -> str:
    """The prompt, from standard input for "-". Raises InputError if it is empty or no text."""
    from capelib.errors import InputError

    try:
        text = sys.stdin.read().rstrip("\n") if prompt == "-" else prompt
        text.encode("utf-8")
    except UnicodeError:
        raise InputError("the prompt must be text in UTF-8; save or type it again") from None
    if not text.strip():
        raise InputError("the prompt is empty; give at least one word")
    return text
