"""Tiny random language models of many architectures, from configurations alone."""

from pathlib import Path

COMMON = {
    "vocab_size": 97,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
MOE = {"num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
FULL = {"num_key_value_heads": 4}

# what an architecture needs beside, or instead of, the common settings
ARCHITECTURES: dict[str, dict] = {
    "gpt2": {**FULL, "n_inner": 48},
    "gpt_neo": {"attention_types": [[["global", "local"], 1], [["global"], 1]], "window_size": 8},
    "gptj": {"rotary_dim": 4},
    "gpt_neox": {},
    "opt": {"ffn_dim": 48, "word_embed_proj_dim": 32},
    "bloom": {},
    "llama": {},
    "mistral": {"sliding_window": 16},
    "qwen2": {},
    "qwen3": {"head_dim": 8},
    "phi": FULL,
    "phi3": {"original_max_position_embeddings": 64},
    "gemma": {"head_dim": 8},
    "gemma2": {"head_dim": 8, "sliding_window": 16},
    "gemma3_text": {"head_dim": 8, "sliding_window": 16},
    "falcon": {"new_decoder_architecture": False, "multi_query": True},
    "mpt": {"d_model": 32, "n_heads": 4, "n_layers": 3, "expansion_ratio": 2, "max_seq_len": 64},
    "stablelm": {},
    "olmo": {},
    "olmo2": {},
    "cohere": {},
    "starcoder2": {"sliding_window": None},
    "gpt_bigcode": {"n_inner": 48},
    "mixtral": MOE,
    "qwen2_moe": {**MOE, "shared_expert_intermediate_size": 16},
    "qwen3_moe": {**MOE, "head_dim": 8},
    "olmoe": MOE,
    "granite": {},
    "smollm3": {},
    "codegen": {"n_ctx": 64, "rotary_dim": 4},
    "xglm": {"d_model": 32, "attention_heads": 4, "num_layers": 3, "ffn_dim": 48},
    "biogpt": {},
    "mamba": {"state_size": 4},
    "mamba2": {"state_size": 4, "num_heads": 8, "head_dim": 8, "n_groups": 1, "expand": 2},
    "rwkv": {"context_length": 64},
    "glm": {"head_dim": 8},
    "lfm2": {"layer_types": ["conv", "full_attention", "conv"], "full_attn_idxs": [1]},
    "nemotron": {},
    "persimmon": FULL,
    "gpt_oss": {
        **MOE,
        "head_dim": 8,
        "layer_types": ["full_attention"] * 3,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
    },
    "gemma4_text": {
        "head_dim": 8,
        "global_head_dim": 16,
        "layer_types": ["sliding_attention", "sliding_attention", "full_attention"],
        "sliding_window": 16,
        "hidden_size_per_layer_input": 8,
        "vocab_size_per_layer_input": 97,
        "num_kv_shared_layers": 0,
    },
    "openai-gpt": {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 64},
}
WITHOUT_ATTENTION = ("mamba", "mamba2", "rwkv")


def tiny(kind: str, seed: int = 0):
    """A random model of that architecture: three blocks of width 32."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(seed)
    settings = {**COMMON, **ARCHITECTURES[kind]}
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **settings))
    for name, weight in model.named_parameters():  # at their small initial values, all layers look alike
        if weight.ndim > 1 and "embed" not in name:
            torch.nn.init.normal_(weight, std=0.15)
    return model.eval()


LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = [*LETTERS, "the", "cat", "sat", "on", "mat", "sky", "is", "blue", "green", "grass", "Paris"]


def tokenizer():
    """Words to numbers, split at spaces; <pad> is 0, <eos> 2."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: place for place, word in enumerate(["<pad>", "<bos>", "<eos>", "<unk>", ".", *WORDS])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>", unk_token="<unk>"
    )


def language_model(kind: str, seed: int = 0):
    """The tiny model as `capelib.models.load` would give it."""
    from capelib.models import LanguageModel

    return LanguageModel(f"tiny {kind}", tiny(kind, seed), tokenizer(), "folder")


def save(folder: Path, kind: str = "llama", seed: int = 0) -> Path:
    """A folder with a tiny model, as save_pretrained writes it."""
    tiny(kind, seed).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


PROMPTS = ["the cat sat on the mat .", "sky is blue", "a b c d e f g h i j k l", "grass", "Paris is green . the mat"]
