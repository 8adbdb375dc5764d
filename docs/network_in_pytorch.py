"""A network that `attractor train` wrote, in PyTorch: `denoise = load("memory.network")`, then D = denoise(z, sigma)."""

import json
import math

import torch
from safetensors import safe_open


def load(path):
    with safe_open(path, "pt") as file:
        says = json.loads(file.metadata()["attractor"])["network"]
        count = sum(name.startswith("layers.") for name in file.keys()) // 2
        layers = [[file.get_tensor(f"layers.{k}.{part}") for part in ("weight", "bias")] for k in range(count)]
    paper, spread, (low, high) = says["architecture"] == "paper", says["spread"], says["levels"]

    def denoise(z, sigma):  # states (B, D) as the patterns were prepared, noise levels (B,)
        s = (sigma / spread).clamp(low, high)[:, None]
        z = z / spread * (high * spread / sigma[:, None]).clamp(max=1) ** 2
        signal = 1 / torch.sqrt(1 + s**2)
        angles = math.pi / 4 * torch.arange(1, 9) * torch.log(s)
        told = signal if paper else torch.stack([angles.cos(), angles.sin()], 2).flatten(1)
        layer = lambda k, h: torch.nn.functional.linear(torch.cat([h, told], 1), *layers[k])
        h = layer(0, signal * z)
        for k in range(1, count) if paper else range(1, count - 1, 2):
            h = layer(k, h.relu()) if paper else h + layer(k + 1, layer(k, h).relu())
        return spread * (z - s * h if paper else signal * (signal * z + s * layer(count - 1, h)))

    return denoise
