"""Models and chips by name or from a configuration, and whether they fit."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.cli import main
from narrows.errors import DataError, NarrowsError, UnknownNameError, UsageError
from narrows.inference.fit import Setup, fit
from narrows.inference.fit_checks import fit_rows
from narrows.transformer.registry import checkpoint, chip, model, models

DATA = Path("../shared/data/inference")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the tables of inference are not here")

LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "num_hidden_layers": 32,
    "hidden_size": 4096,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
}
DEEPSEEK: dict[str, Any] = {
    "model_type": "deepseek_v3",
    "num_hidden_layers": 61,
    "hidden_size": 7168,
    "num_attention_heads": 128,
    "num_key_value_heads": 128,
    "intermediate_size": 18432,
    "moe_intermediate_size": 2048,
    "n_routed_experts": 256,
    "n_shared_experts": 1,
    "num_experts_per_tok": 8,
    "first_k_dense_replace": 3,
    "moe_layer_freq": 1,
    "kv_lora_rank": 512,
    "num_nextn_predict_layers": 1,
    "q_lora_rank": 1536,
    "qk_rope_head_dim": 64,
    "qk_nope_head_dim": 128,
    "v_head_dim": 128,
    "vocab_size": 129280,
    "max_position_embeddings": 163840,
    "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]},
}
GPT_OSS: dict[str, Any] = {
    "model_type": "gpt_oss",
    "num_hidden_layers": 36,
    "hidden_size": 2880,
    "head_dim": 64,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "intermediate_size": 2880,
    "num_local_experts": 128,
    "num_experts_per_tok": 4,
    "sliding_window": 128,
    "layer_types": ["sliding_attention", "full_attention"] * 18,
    "vocab_size": 201088,
    "max_position_embeddings": 131072,
    "quantization_config": {
        "quant_method": "mxfp4",
        "modules_to_not_convert": ["model.layers.*.self_attn", "model.layers.*.mlp.router", "lm_head"],
    },
}
SCOUT: dict[str, Any] = {
    "model_type": "llama4",
    "text_config": {
        "model_type": "llama4_text",
        "num_hidden_layers": 48,
        "hidden_size": 5120,
        "head_dim": 128,
        "num_attention_heads": 40,
        "num_key_value_heads": 8,
        "intermediate_size": 8192,
        "intermediate_size_mlp": 16384,
        "interleave_moe_layer_step": 1,
        "num_local_experts": 16,
        "num_experts_per_tok": 1,
        "attention_chunk_size": 8192,
        "vocab_size": 202048,
        "max_position_embeddings": 10485760,
    },
    "quantization_config": {
        "quant_method": "compressed-tensors",
        "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float"}}},
        "ignore": [
            "language_model.model.layers.0.self_attn.q_proj",
            "vision_model.x",
            "language_model.lm_head",
        ],
    },
}


def written(folder: Path, config: object) -> Path:
    """Return the file of a configuration."""
    path = folder / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


# --- the catalogue ------------------------------------------------------------------------------


@needs_data
def test_the_catalogue_holds_the_table_of_models() -> None:
    with (DATA / "models.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["model"] for row in rows} <= set(models())
    for row in rows:
        if row["kv_bytes_per_token_bf16_full_attention_layers"]:
            expected = float(row["kv_bytes_per_token_bf16_full_attention_layers"])
            assert model(row["model"]).kv_bytes_per_token() == expected, row["model"]


@needs_data
def test_the_catalogue_holds_the_table_of_chips() -> None:
    with (DATA / "chips.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            card = chip(row["chip"])
            assert card.memory_bytes == float(row["memory_bytes"])
            assert card.bandwidth_bytes_per_s == float(row["memory_bandwidth_bytes_per_s"])
            rates = {word: row[f"{word}_dense_flop_per_s"] for word in ("bf16", "fp8", "fp4")}
            assert card.flop_per_s == {word: float(rate) for word, rate in rates.items() if rate}
            assert card.power_w == float(row["power_w"])


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("llama-3.1-8b", 8.03),
        ("llama-3.1-70b", 70.6),
        ("llama-3.1-405b", 406),
        ("deepseek-v3", 671),
        ("kimi-k2.5", 1026),
        ("mixtral-8x7b", 46.7),
        ("qwen3-235b-a22b", 235),
        ("gpt-oss-120b", 117),
        ("minimax-m2.5", 229),
        ("llama-4-scout", 108),
    ],
)
def test_weights_are_those_that_the_makers_state(name: str, billions: float) -> None:
    assert model(name).weights / 1e9 == pytest.approx(billions, rel=0.005)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as refusal:
        model("llama-3.1-80b")
    assert str(refusal.value) == (
        "The model 'llama-3.1-80b' is not known. The nearest known: 'llama-3.1-8b', 'llama-3.1-70b', "
        "'llama-3.1-405b'. Name one of these, or a config.json."
    )
    with pytest.raises(UnknownNameError, match="The nearest known: 'h100_sxm'"):
        chip("h1000")


# --- config.json --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (LLAMA, "llama-3.1-8b"),
        (DEEPSEEK, "deepseek-v3"),
        (GPT_OSS, "gpt-oss-120b"),
        (SCOUT, "llama-4-scout"),
    ],
)
def test_a_configuration_reads_as_the_catalogue_does(tmp_path: Path, config: object, name: str) -> None:
    read, known = checkpoint(written(tmp_path, config)), checkpoint(name)
    dense_ff = known.model.dense_ff
    assert replace(read.model, id=name, dense_ff=dense_ff) == known.model
    if name != "llama-4-scout":  # the catalogue has it as first shipped, in bf16
        for module in ("attention", "experts"):
            assert read.bits_of(module) == known.bits_of(module)


def test_modules_left_unquantised_keep_sixteen_bits(tmp_path: Path) -> None:
    read = checkpoint(written(tmp_path, SCOUT))
    assert [read.bits_of(word) for word in ("attention", "dense", "experts", "head")] == [16, 8, 8, 16]


def test_hybrid_and_windowed_attention_are_counted_apart(tmp_path: Path) -> None:
    hybrid = model(written(tmp_path, LLAMA | {"full_attention_interval": 4}))
    assert (hybrid.full_layers, hybrid.window) == (8, 0)
    gemma = model(written(tmp_path, LLAMA | {"sliding_window": 1024, "sliding_window_pattern": 4}))
    assert (gemma.full_layers, gemma.window) == (8, 1024)
    mistral = LLAMA | {"model_type": "mistral", "sliding_window": 4096}
    assert model(written(tmp_path, mistral)).full_layers == 0
    found = fit(tmp_path / "config.json", "h100", Setup(context=65536))
    assert found.window_bytes == 4096 * 131072
    assert found.sequences(65536) == found.sequences(4096)
    assert found.longest == 131072
    minimax = model(written(tmp_path, LLAMA | {"attn_type_list": [0, 0, 0, 1] * 8}))
    assert (minimax.full_layers, minimax.window) == (8, 0)
    tied = model(written(tmp_path, LLAMA | {"tie_word_embeddings": True}))
    assert model("llama-3.1-8b").weights - tied.weights == 4096 * 128256


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"num_hidden_layers": None}, "has no num_hidden_layers. num_hidden_layers is a whole number"),
        ({"hidden_size": -1}, "has hidden_size = -1. hidden_size is a whole number from 1 to 1000000000"),
        ({"vocab_size": "many"}, "has vocab_size = many. vocab_size is a whole number from 1 to 1000000000"),
        ({"num_attention_heads": True}, "has num_attention_heads = True"),
        ({"num_key_value_heads": 7}, "has num_key_value_heads = 7. It divides num_attention_heads = 32"),
        ({"hidden_size": 4097}, "has no head_dim, and hidden_size = 4097 is no multiple of 32 heads"),
        (
            {"num_local_experts": 4, "num_experts_per_tok": 8},
            "has num_experts_per_tok = 8. It is at most the 4",
        ),
        ({"layer_types": ["full_attention"]}, "has layer_types of another length. It is a list of 32 names"),
        ({"quantization_config": {"quant_method": "magic"}}, "of a method 'magic' that is not known"),
        ({"model_type": "deepseek_v4"}, "has model_type = deepseek_v4. Its compressed cache is not modelled"),
        ({"text_config": []}, "has a text_config that is not an object"),
    ],
)
def test_a_broken_configuration_is_refused_by_its_key(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataError) as refusal:
        model(written(tmp_path, LLAMA | change))
    assert said in str(refusal.value)
    assert str(refusal.value).endswith("Name the config.json as it was published.")


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*LLAMA, *DEEPSEEK, *GPT_OSS, "text_config", "vision_config"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=5)
        | st.lists(st.integers()),
        max_size=4,
    ),
    st.sampled_from([LLAMA, DEEPSEEK, GPT_OSS]),
)
def test_a_hostile_configuration_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, change: dict[str, Any], config: dict[str, Any]
) -> None:
    path = written(tmp_path_factory.mktemp("config"), config | change)
    try:
        assert model(path).weights >= 0
    except NarrowsError as refusal:
        assert str(refusal).startswith("The file ")  # noqa: PT017 (either outcome is right)


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000, "\x00"])
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"It is the config\.json of a model"):
        model(path)


# --- fit ----------------------------------------------------------------------------------------


@needs_data
def test_blocks_are_those_of_vllm_on_five_dense_runs() -> None:
    rows = {row.quantity: row for row in fit_rows(DATA)}
    dense = [row for name, row in rows.items() if "scout" not in name]
    assert len(dense) == 5
    assert all(row.value is not None and abs(row.value) <= 0.03 for row in dense)


def test_validation_without_data_is_not_run() -> None:
    assert [row.holds for row in fit_rows(None)] == [None]


RANKS = st.sampled_from([(1, 1), (2, 1), (4, 1), (8, 1), (1, 2), (4, 3), (8, 80)])


@settings(max_examples=40, deadline=None)
@given(RANKS, st.sampled_from(["bf16", "fp8"]), st.floats(0.5, 1.0))
def test_laws_of_the_balance(ranks: tuple[int, int], kv: str, share: float) -> None:
    setup = Setup(tp=ranks[0], pp=ranks[1], kv=kv, share=share)
    found = fit("llama-3.1-70b", "b200", setup)
    assert found.blocks_low <= found.blocks <= found.blocks_high
    held = found.weights_bytes + found.overhead_bytes + found.blocks * 16 * found.kv_bytes_per_token
    assert not found.fits or held <= found.memory_bytes
    assert found.fits == (found.room_bytes >= 16 * found.kv_bytes_per_token)
    larger = fit("llama-3.1-70b", "b300", setup)
    assert larger.blocks >= found.blocks


@pytest.mark.parametrize("name", ["llama-3.1-70b", "mixtral-8x7b", "gpt-oss-120b"])
def test_one_chip_holds_all_weights(name: str) -> None:
    found = fit(name, "mi355x", Setup(weights="bf16"))
    assert found.weights_bytes == 2 * model(name).weights


def test_stages_share_the_weights() -> None:
    whole = fit("llama-3.1-70b", "b300").weights_bytes
    halves = fit("llama-3.1-70b", "b300", Setup(pp=2)).weights_bytes
    assert halves == pytest.approx(whole / 2, rel=1e-9)


def test_few_heads_are_copied_and_a_latent_cache_is_not_split() -> None:
    four, eight = (fit("qwen3-30b-a3b", "h200", Setup(tp=tp)) for tp in (4, 8))
    assert four.kv_bytes_per_token == eight.kv_bytes_per_token == 98304 / 4
    latent = fit("deepseek-v3", "h200", Setup(tp=8))
    assert latent.kv_bytes_per_token == 70272


@pytest.mark.parametrize(
    ("name", "card", "setup"),
    [
        ("llama-3.1-70b", "h100", Setup()),
        ("deepseek-v3", "h200", Setup(tp=4)),
        ("llama-3.1-8b", "l40s", Setup(context=131072, share=0.5)),
    ],
)
def test_each_remedy_is_enough_and_one_step_less_is_not(name: str, card: str, setup: Setup) -> None:
    found = fit(name, card, setup)
    assert not found.fits
    assert found.short_bytes > 0
    for remedy in found.remedies:
        words = remedy.split()
        if words[0] == "--tp":
            assert fit(name, card, replace(setup, tp=int(words[1]))).fits
            assert not fit(name, card, replace(setup, tp=int(words[1]) // 2)).fits
        elif words[0] == "--weights":
            assert fit(name, card, replace(setup, weights=words[1])).fits
        elif words[0] == "--kv":
            assert fit(name, card, replace(setup, kv=words[1])).fits
        else:
            assert fit(name, words[2], setup).fits


@pytest.mark.parametrize(
    ("name", "card", "setup", "said"),
    [
        (
            "llama-3.1-8b",
            "h100",
            Setup(tp=3),
            (
                "The option --tp is given 3. The 32 heads of llama-3.1-8b can be split over 1, 2, 4, 8, 16, 32. "
                "Write --tp 2."
            ),
        ),
        (
            "llama-3.1-8b",
            "h100",
            Setup(pp=33),
            (
                "The option --pp is given 33. llama-3.1-8b has 32 layers, and a stage has at least one. "
                "Write --pp 32 or less."
            ),
        ),
        (
            "mixtral-8x7b",
            "h100",
            Setup(tp=8, dp=2, ep=16),
            "The option --ep is given 16. mixtral-8x7b has 8 experts in a layer. Write --ep 8 or less.",
        ),
        (
            "llama-2-7b",
            "h100",
            Setup(context=8192),
            (
                "The option --context is given 8192. The longest sequence of llama-2-7b is 4096 tokens. "
                "Write --context 4096 or less."
            ),
        ),
        (
            "llama-3.1-8b",
            "a100_sxm",
            Setup(weights="fp8"),
            (
                "The option --weights is given 'fp8'. a100_sxm computes in bf16. Write --weights bf16, or name "
                "another chip."
            ),
        ),
        (
            "llama-3.1-8b",
            "h100",
            Setup(share=1.5),
            (
                "The option --gpu-memory-share is given 1.5. It is above 0 and at most 1. Write, for instance, "
                "--gpu-memory-share 0.9."
            ),
        ),
    ],
)
def test_the_impossible_is_refused_with_a_remedy(name: str, card: str, setup: Setup, said: str) -> None:
    with pytest.raises(UsageError) as refusal:
        fit(name, card, setup)
    assert str(refusal.value) == said


def test_a_cache_of_unknown_rules_is_refused() -> None:
    with pytest.raises(DataError, match="compressed by rules that narrows does not hold"):
        fit("deepseek-v4-pro", "b300", Setup(tp=8))


def test_the_command_says_what_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inference", "fit", "llama-3.1-70b", "h100", "--tp", "4"]) == 0
    text = capsys.readouterr().out
    assert "It fits." in text
    assert main(["inference", "fit", "llama-3.1-70b", "h100", "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["fits"] is False
    assert table["remedies"][0] == "--tp 2"
    assert main(["inference"]) == 2
