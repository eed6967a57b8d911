"""Models and chips by name from the catalogue, or a model from its published ``config.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrows.catalog import default
from narrows.errors import DataError, UnknownNameError
from narrows.transformer import Chip, Model

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog

__all__ = ["BITS", "MODULES", "Checkpoint", "checkpoint", "chip", "chips", "model", "models"]

MODULES = ("embeddings", "attention", "dense", "experts", "router", "head", "vision")
"""Parts of a model whose weights are counted apart."""
BITS = {"bf16": 16.0, "fp8": 8.0, "fp4": 4.5}
"""Bits of one weight; fp4 with one 8-bit scale for 16 weights (NVFP4)."""
NEEDED = ("memory", "bandwidth", "power", "node", "scale_up", "scale_out", "pcie")
"""What serving reads of a chip besides its rates."""
LINEAR = ("attention", "dense", "experts")
"""Modules that quantisation covers unless a checkpoint says otherwise."""
GROUPED_BITS = {32: 0.25, 16: 0.5}
MOST = 10**9  # no width of a model is larger
LONGEST_FILE = 2**24  # byte; a configuration is a few thousand
WIDTHS = (
    "layers",
    "hidden",
    "heads",
    "head_size",
    "kv_heads",
    "dense_ff",
    "experts",
    "experts_per_token",
    "expert_ff",
    "shared_experts",
    "dense_layers",
    "kv_rank",
    "rope_size",
    "nope_size",
    "value_size",
    "query_rank",
    "window",
    "vocabulary",
    "context",
    "expert_latent",
    "mtp_layers",
    "mamba_layers",
    "mamba_heads",
    "mamba_groups",
    "mamba_state",
)


@dataclass(frozen=True)
class Checkpoint:
    """A model with the bits of its weights as shipped.

    Parameters
    ----------
    model
        The model by its widths.
    bits
        Bits of one weight by module; 16 where a module is not named.
    vision
        Weights of a vision tower and its projector.
    known_cache
        Whether the bytes of its cache are known.
    """

    model: Model
    bits: dict[str, float] = field(default_factory=dict)
    vision: float = 0.0
    known_cache: bool = True

    def bits_of(self, module: str) -> float:
        """Return the bits of one weight of a module."""
        return self.bits.get(module, BITS["bf16"])


# --- the catalogue ------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _tables(catalog: Catalog, prefix: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for fact in catalog.under(prefix):
        name, _, quantity = fact.id.removeprefix(f"{prefix}.").rpartition(".")
        found.setdefault(name, {})[quantity] = fact.canonical_value
    return {name: widths for name, widths in found.items() if "layers" in widths or "bandwidth" in widths}


def _lacking(row: dict[str, float]) -> list[str]:
    """Return what serving needs of a chip and the catalogue does not hold."""
    return [word for word in NEEDED if word not in row] + (["rate"] if not row.keys() & BITS.keys() else [])


def models(catalog: Catalog | None = None) -> list[str]:
    """Return the names of the models in the catalogue.

    Parameters
    ----------
    catalog
        Facts; those that come with narrows if left out.
    """
    return list(_tables(catalog or default(), "model"))


def chips(catalog: Catalog | None = None) -> list[str]:
    """Return the names of the chips of which the catalogue holds all that serving needs.

    Parameters
    ----------
    catalog
        Facts; those that come with narrows if left out.
    """
    return [name for name, row in _tables(catalog or default(), "chip").items() if not _lacking(row)]


def model(name_or_path: str | Path, catalog: Catalog | None = None) -> Model:
    """Return a model by its name in the catalogue, or from a ``config.json``.

    Parameters
    ----------
    name_or_path
        A name such as ``llama-3.1-8b``, a ``config.json`` as published on Hugging Face, or a folder with one.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        No model of that name; the error names the nearest.
    DataError
        A configuration is incomplete or impossible; the error names the key.

    Examples
    --------
    >>> model("deepseek-v3").kv_bytes_per_token()
    70272.0
    >>> round(model("gpt-oss-120b").weights / 1e9, 1)
    116.8
    """
    return checkpoint(name_or_path, catalog).model


def checkpoint(name_or_path: str | Path, catalog: Catalog | None = None) -> Checkpoint:
    """Return a model with the bits of its weights as shipped.

    Parameters
    ----------
    name_or_path, catalog
        As for `model`.

    Raises
    ------
    UnknownNameError
        No model of that name; the error names the nearest.
    DataError
        A configuration is incomplete or impossible; the error names the key.
    """
    text = str(name_or_path)
    tables = _tables(catalog or default(), "model")
    if text in tables:
        return _from_facts(text, tables[text])
    if isinstance(name_or_path, Path) or text.endswith(".json") or ("\0" not in text and Path(text).is_dir()):
        return _from_config(Path(text))
    raise UnknownNameError("model", text, tables, remedy="Name one of these, or a config.json")


def _from_facts(name: str, widths: dict[str, float]) -> Checkpoint:
    whole: dict[str, Any] = {word: int(widths[word]) for word in WIDTHS if word in widths}
    if "head_size" not in whole:
        whole["head_size"] = whole["nope_size"] + whole["rope_size"]
    full = int(widths["full_layers"]) if "full_layers" in widths else None
    byte = 8.0  # the canonical unit of data is the byte
    bits = {module: widths["linear_bits"] * byte for module in LINEAR if "linear_bits" in widths}
    if "expert_bits" in widths:
        bits["experts"] = widths["expert_bits"] * byte
    latent = widths.get("kv_heads", 0.0) or widths.get("kv_rank", 0.0)
    known = bool(latent) and not ("query_rank" in widths and "kv_rank" not in widths)
    whole["gated"] = not widths.get("plain_feed", 0.0)
    return Checkpoint(Model(name, **whole, full_layers=full), bits, widths.get("vision", 0.0), known)


def chip(name: str, catalog: Catalog | None = None) -> Chip:
    """Return a chip by its name in the catalogue.

    Parameters
    ----------
    name
        A name such as ``h100_sxm``; ``h100`` and ``H100`` mean the same.
    catalog
        Facts; those that come with narrows if left out.

    Raises
    ------
    UnknownNameError
        No chip of that name; the error names the nearest.
    DataError
        The catalogue lacks what serving needs of the chip; the error says what, and which chips are complete.

    Examples
    --------
    >>> chip("h100").bandwidth_bytes_per_s
    3350000000000.0
    """
    tables = _tables(catalog or default(), "chip")
    plain = name.lower().replace("-", "_")
    found = next((word for word in (plain, f"{plain}_sxm", f"{plain}_server") if word in tables), None)
    whole = [word for word, row in tables.items() if not _lacking(row)]
    if found is None:
        raise UnknownNameError("chip", name, whole, remedy="List them with `narrows facts chip memory`")
    row = tables[found]
    if lacking := _lacking(row):
        raise DataError(
            f"The chip {found!r} has no {', '.join(lacking)} in the catalogue",
            f"Serving needs {', '.join(NEEDED)} and one rate; complete are {', '.join(whole)}",
            f"See what is held with `narrows compute show {found}`",
        )
    return Chip(
        found,
        memory_bytes=row["memory"],
        bandwidth_bytes_per_s=row["bandwidth"],
        flop_per_s={word: row[word] for word in BITS if word in row},
        power_w=row["power"],
        chips_per_node=int(row["node"]),
        scale_up_bytes_per_s=row["scale_up"],
        scale_out_bytes_per_s=row["scale_out"],
        pcie_bytes_per_s=row["pcie"],
    )


# --- config.json --------------------------------------------------------------------------------


def _from_config(path: Path) -> Checkpoint:
    file = path / "config.json" if path.is_dir() else path
    try:
        if file.stat().st_size > LONGEST_FILE:
            raise _refusal(file, "is larger than 16 MiB", "A config.json has a few thousand characters")
        raw = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _refusal(
            file, f"cannot be read: {error.strerror}", "It is the config.json of a model"
        ) from None
    except (ValueError, RecursionError):
        raise _refusal(file, "is not JSON", "It is the config.json of a model") from None
    if not isinstance(raw, dict):
        raise _refusal(file, "is not an object", "It is the config.json of a model")
    return _Config(file, raw).checkpoint()


def _refusal(file: Path, what: str, acceptable: str) -> DataError:
    return DataError(f"The file {str(file)!r} {what}", acceptable, "Name the config.json as it was published")


class _Config:
    """The reader of one configuration."""

    def __init__(self, file: Path, raw: dict[str, Any]) -> None:
        inner = next(
            (raw[key] for key in ("text_config", "llm_config", "language_config") if key in raw), raw
        )
        if not isinstance(inner, dict):
            raise _refusal(
                file, "has a text_config that is not an object", "It is the config.json of a model"
            )
        self.file, self.raw, self.text = file, raw, inner

    def whole(self, *keys: str, default: int | None = None, least: int = 0) -> int:
        """Return the first of some keys that is given, a whole number."""
        for key in keys:
            value = self.text.get(key)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST:
                raise _refusal(
                    self.file,
                    f"has {key} = {str(value)[:40]}",
                    f"{key} is a whole number from {least} to {MOST}",
                )
            return value
        if default is None:
            raise _refusal(self.file, f"has no {keys[0]}", f"{keys[0]} is a whole number")
        return default

    def checkpoint(self) -> Checkpoint:
        """Return what the configuration says."""
        if str(self.text.get("model_type", "")) == "deepseek_v4":
            raise _refusal(
                self.file,
                "has model_type = deepseek_v4",
                "Its compressed cache is not modelled; dense, grouped, latent and windowed attention are",
            )
        layers = self.whole("num_hidden_layers", "n_layer", least=1)
        hidden = self.whole("hidden_size", "n_embd", least=1)
        heads = self.whole("num_attention_heads", "n_head", least=1)
        rank = self.whole("kv_lora_rank", default=0)
        head = self.whole("head_dim", default=0) or (hidden // heads if hidden % heads == 0 or rank else 0)
        if not head:
            raise _refusal(
                self.file,
                f"has no head_dim, and hidden_size = {hidden} is no multiple of {heads} heads",
                "head_dim is a whole number",
            )
        kv_heads = 0 if rank else self.whole("num_key_value_heads", default=heads, least=1)
        if kv_heads and heads % kv_heads:
            raise _refusal(
                self.file,
                f"has num_key_value_heads = {kv_heads}",
                f"It divides num_attention_heads = {heads}",
            )
        parts: dict[str, Any] = self.experts(layers)
        full, window = self.attending(layers)
        latent: dict[str, Any] = {}
        if rank:
            latent = {
                "kv_rank": rank,
                "rope_size": self.whole("qk_rope_head_dim", least=1),
                "nope_size": self.whole("qk_nope_head_dim", least=1),
                "value_size": self.whole("v_head_dim", least=1),
                "query_rank": self.whole("q_lora_rank", default=0),
            }
            head = latent["nope_size"] + latent["rope_size"]
        described = Model(
            self.file.parent.name or self.file.stem,
            layers,
            hidden,
            heads,
            head,
            kv_heads,
            **parts,
            **latent,
            full_layers=full,
            window=window,
            vocabulary=self.whole("vocab_size", least=1),
            tied=bool(self.text.get("tie_word_embeddings", self.raw.get("tie_word_embeddings", False))),
            context=self.whole("max_position_embeddings", "n_positions", default=0),
            mtp_layers=self.whole("num_nextn_predict_layers", default=0),
        )
        return Checkpoint(described, self.bits(), self.vision(hidden))

    def experts(self, layers: int) -> dict[str, int]:
        """Return the feed-forward parts."""
        experts = self.whole("n_routed_experts", "num_local_experts", "num_experts", default=0)
        if not experts:
            return {"dense_ff": self.whole("intermediate_size", "n_inner", least=1)}
        used = self.whole("num_experts_per_tok", "experts_per_token", least=1)
        if used > experts:
            raise _refusal(
                self.file,
                f"has num_experts_per_tok = {used}",
                f"It is at most the {experts} experts of a layer",
            )
        width = self.whole("moe_intermediate_size", "intermediate_size", least=1)
        shared = self.whole("n_shared_experts", "num_shared_experts", default=0)
        if not shared and self.whole("shared_expert_intermediate_size", default=0):
            shared = max(1, round(self.whole("shared_expert_intermediate_size") / width))
        if "interleave_moe_layer_step" in self.text:
            shared = 1  # every layer with experts of Llama 4 has one
            step = self.whole("interleave_moe_layer_step", least=1)
            dense, feed = layers - layers // step, self.whole("intermediate_size_mlp", default=width)
        else:
            dense = self.whole("first_k_dense_replace", default=0)
            alone = self.text.get("mlp_only_layers") or []
            if not isinstance(alone, list):
                raise _refusal(self.file, "has mlp_only_layers that is no list", "It is a list of layers")
            step = self.whole("decoder_sparse_step", "moe_layer_freq", default=1, least=1)
            dense = dense or len(alone) or layers - layers // step
            feed = self.whole("intermediate_size", default=0)
        if dense > layers:
            raise _refusal(self.file, f"has {dense} dense layers", f"There are {layers} layers")
        return {
            "dense_ff": feed if dense else 0,
            "experts": experts,
            "experts_per_token": used,
            "expert_ff": width,
            "shared_experts": shared,
            "dense_layers": dense,
        }

    def attending(self, layers: int) -> tuple[int | None, int]:
        """Return the layers that attend to the whole context, and the window of the others."""
        window = self.whole("sliding_window", default=0)
        kinds = self.text.get("layer_types")
        if kinds is not None:
            if not isinstance(kinds, list) or len(kinds) != layers:
                raise _refusal(
                    self.file,
                    "has layer_types of another length",
                    f"It is a list of {layers} names, one a layer",
                )
            full = sum(kind == "full_attention" for kind in kinds)
            if "chunked_attention" in kinds:
                return None, 0  # engines keep the whole context of chunked layers
            linear = any(kind == "linear_attention" for kind in kinds)
            return (None, 0) if full == layers else (full, 0 if linear else window)
        marks = self.text.get("attn_type_list")
        if isinstance(marks, list) and len(marks) == layers and 0 in marks:
            return layers - marks.count(0), 0  # 0 marks linear attention
        interval = self.whole("full_attention_interval", default=0)
        pattern = self.whole("sliding_window_pattern", default=0) if window else 0
        if interval or pattern:
            return layers // (interval or pattern), 0 if interval else window
        use = self.text.get("use_sliding_window", True)
        if (
            window
            and use
            and str(self.text.get("model_type")) in {"mistral", "mixtral", "phi3", "starcoder2"}
        ):
            return 0, window
        return None, 0

    def bits(self) -> dict[str, float]:
        """Return the bits of one weight by module, from ``quantization_config``."""
        said = self.raw.get("quantization_config") or self.text.get("quantization_config")
        if said is None:
            return {}
        if not isinstance(said, dict):
            raise _refusal(self.file, "has quantization_config that is no object", "It is an object")
        bits = self.width(said)
        left = said.get("ignore") or said.get("modules_to_not_convert") or said.get("exclude_modules") or []
        if not isinstance(left, list):
            raise _refusal(self.file, "has a list of unquantised modules that is no list", "It is a list")
        text = " ".join(str(name) for name in left)
        names = {
            "attention": ("self_attn", "attn"),
            "dense": ("shared_expert", "mlp.gate_proj"),
            "experts": ("experts.", ".experts"),
        }
        kept = {module for module, words in names.items() if any(word in text for word in words)}
        if "shared_expert" in text and "experts." not in text.replace("shared_experts.", ""):
            kept.discard("experts")
        return {module: bits for module in LINEAR if module not in kept}

    def width(self, said: dict[str, Any]) -> float:
        """Return the bits of one quantised weight."""
        method = str(said.get("quant_method", "")).lower()
        algorithm = str(said.get("quant_algo", "")).upper()
        if method == "fp8" or algorithm == "FP8":
            return BITS["fp8"]
        if method == "mxfp4":
            return BITS["fp4"] - GROUPED_BITS[32]
        if algorithm == "NVFP4":
            return BITS["fp4"]
        groups = said.get("config_groups")
        weights: Any = said
        if isinstance(groups, dict) and groups:
            first = next(iter(groups.values()))
            weights = first.get("weights") if isinstance(first, dict) else None
        count = None
        if isinstance(weights, dict):
            count = weights.get("num_bits", weights.get("bits"))
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 16:  # noqa: PLR2004
            raise _refusal(
                self.file,
                f"has quantization_config of a method {method[:30]!r} that is not known",
                "Known are fp8, mxfp4, NVFP4, and groups that state num_bits or bits",
            )
        size = weights.get("group_size")
        grouped = isinstance(size, int) and not isinstance(size, bool) and size > 0
        return count + (16.0 / size if grouped and count < BITS["fp8"] else 0.0)

    def vision(self, hidden: int) -> float:
        """Return the weights of a vision tower: its layers, and a projector to the width of the model."""
        tower = self.raw.get("vision_config")
        if not isinstance(tower, dict):
            return 0.0
        keys = ("num_hidden_layers", "hidden_size", "intermediate_size")
        depth, width, feed = (tower.get(key, 0) for key in keys)
        if not all(isinstance(size, int) and 0 <= size <= MOST for size in (depth, width, feed)):
            return 0.0
        found: float = depth * (4 * width * width + 2 * width * feed) + hidden * max(width, feed)
        return found
