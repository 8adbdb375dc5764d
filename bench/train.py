"""Times training steps of the paper's score network in PyTorch, to compare with `cargo run --release --example train_speed`.

    python bench/train.py [seconds]

Needs PyTorch. It has the same network, batch, loss and optimiser: 16 -> 1280 -> 1280 -> 1280 -> 16 with the signal as an
input of every layer, 128 rows, Adam 1e-3, float32, two threads.
"""

import sys
import time

import torch

torch.set_num_threads(2)
seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
dim, width, rows, gamma, end = 16, 1280, 128, 0.8, 6.0


class Score(torch.nn.Module):
    """A network with three hidden layers of ReLU. The signal is an additional input of every layer."""

    def __init__(self):
        super().__init__()
        sizes = [dim, width, width, width, dim]
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a + 1, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True))

    def forward(self, x, signal):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(torch.cat([x, signal], 1)))
        return self.layers[-1](torch.cat([x, signal], 1))


def measure(name, model, optimiser):
    patterns = torch.sign(torch.randn(rows // 16, dim)).repeat_interleave(16, 0)

    def step():
        t = 1e-3 + (end - 1e-3) * torch.rand(rows, 1)
        signal = torch.exp(-gamma * t / 2)
        noise = torch.randn(rows, dim)
        loss = (noise - model(signal * patterns + torch.sqrt(1 - signal**2) * noise, signal)).square().sum(1).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    for _ in range(20):
        step()
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        step()
        steps += 1
    print(f"{name}: {steps / (time.perf_counter() - start):.1f} steps/s")


print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
for name, fused in [("Adam", False), ("fused Adam", True)]:
    model = Score()
    measure(name, model, torch.optim.Adam(model.parameters(), lr=1e-3, fused=fused))
