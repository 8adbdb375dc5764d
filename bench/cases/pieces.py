"""The denoiser in which every pixel asks with its own window, at all places of all stored images (equivariant-local).

D(z)_p is the mean of the pixels in the middle of all stored windows, with weights exp(-|window of p - stored window|^2 / 2 sigma^2).
Images go on at the opposite border. The timed call is one step of recall from the noise level of the cues to 0, which is one read.
"""

import numpy as np
from contest import Case

IMAGES, SIDE, WINDOW, CUES, SIGMA = 50, 28, 7, 4, 0.5


def data():
    """Smooth random images: noise of which only the ten lowest frequencies along each axis are kept. Cues have noise."""
    generator = np.random.default_rng(0)
    noise = np.fft.fft2(generator.standard_normal((IMAGES, SIDE, SIDE)))
    low = np.abs(np.fft.fftfreq(SIDE)) < 0.18
    images = np.fft.ifft2(noise * np.outer(low, low)).real
    images /= images.std()
    cues = images[:CUES] + SIGMA * generator.standard_normal((CUES, SIDE, SIDE))
    return {"images": images.astype(np.float32), "cues": cues.astype(np.float32)}


pieces = Case(
    name="pieces",
    title=f"Equivariant-local denoiser: {CUES} images against all {WINDOW} x {WINDOW} windows of {IMAGES} images of {SIDE} x {SIDE} "
    f"on a torus, one read, f32.",
    data=data,
    # Squared distances of 49 units up to about 10 are sums of f32 with errors of 1e-5, so weights have relative errors of
    # 1e-4 at this level, and means of numbers up to 4 as well.
    tolerance=2e-3,
    best_of=1,
)


@pieces.contender("attractor", "attractor")
def attractor_read(arrays):
    """A recall in one step, with the report of each cue."""
    import attractor

    memory = attractor.Local(
        arrays["images"],
        rule="equivariant-local",
        window=str(WINDOW),
        border="torus",
        sampler="one-step",
        prepare="none",
    )
    return lambda: memory.recall(arrays["cues"], sigma=SIGMA).states


def windows(images):
    """All windows of images on a torus, one a row."""
    reach = WINDOW // 2
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach)), mode="wrap")
    views = np.lib.stride_tricks.sliding_window_view(padded, (WINDOW, WINDOW), axis=(1, 2))
    return np.ascontiguousarray(views).reshape(-1, WINDOW * WINDOW)


@pieces.contender("NumPy", "numpy")
def numpy_read(arrays):
    """One product of all windows with those of an image, image by image so that logits stay in the cache."""
    images, cues = arrays["images"], arrays["cues"]
    stored = windows(images).reshape(IMAGES, SIDE * SIDE, -1)
    halves = 0.5 * (stored * stored).sum(2)
    middles = images.reshape(IMAGES, -1)
    scale = np.float32(1 / SIGMA**2)

    def call():
        means = np.empty((CUES, SIDE * SIDE), np.float32)
        for cue in range(CUES):
            own = windows(cues[cue : cue + 1]) * scale
            peak = np.full((SIDE * SIDE, 1), -np.inf, np.float32)
            mass, total = np.zeros((2, SIDE * SIDE, 1), np.float32)
            for keys, half, middle in zip(stored, halves, middles, strict=True):
                logits = own @ keys.T
                logits -= half * scale
                above = np.maximum(peak, logits.max(1, keepdims=True))
                shrink = np.exp(peak - above)
                logits -= above
                np.exp(logits, out=logits)
                mass = mass * shrink + logits.sum(1, keepdims=True)
                total = total * shrink + (logits @ middle)[:, None]
                peak = above
            means[cue] = (total / mass)[:, 0]
        return means.reshape(cues.shape)

    return call


@pieces.contender("NumPy, box filters", "numpy")
def numpy_boxes(arrays):
    """Every stored image at every offset, whose squared differences are summed over windows by two cumulative sums."""
    images, cues = arrays["images"].astype(np.float64), arrays["cues"].astype(np.float64)
    reach = WINDOW // 2

    def box(values, axis):
        wide = np.concatenate([values.take(range(-reach - 1, 0), axis), values, values.take(range(reach), axis)], axis)
        sums = wide.cumsum(axis)
        after = sums.take(range(WINDOW, WINDOW + SIDE), axis)
        return after - sums.take(range(SIDE), axis)

    def call():
        peak = np.full(cues.shape, -np.inf)
        mass, total = np.zeros((2, *cues.shape))
        for dy in range(SIDE):
            for dx in range(SIDE):
                moved = np.roll(images, (-dy, -dx), (1, 2))
                for cue in range(CUES):
                    squares = box(box((moved - cues[cue]) ** 2, 1), 2)
                    logits = squares * (-0.5 / SIGMA**2)
                    above = np.maximum(peak[cue], logits.max(0))
                    shrink, weights = np.exp(peak[cue] - above), np.exp(logits - above)
                    mass[cue] = mass[cue] * shrink + weights.sum(0)
                    total[cue] = total[cue] * shrink + (weights * moved).sum(0)
                    peak[cue] = above
        return (total / mass).astype(np.float32)

    return call


@pieces.contender("PyTorch", "torch")
def torch_read(arrays):
    """Fused attention of all windows, with the squared norms of keys as a bias."""
    import torch

    images, cues = arrays["images"], arrays["cues"]
    keys = torch.from_numpy(windows(images))
    bias = (-0.5 / SIGMA**2) * (keys * keys).sum(1)
    values = torch.from_numpy(images.reshape(-1, 1))

    @torch.inference_mode()
    def call():
        own = torch.from_numpy(windows(cues)).reshape(CUES, SIDE * SIDE, -1)
        means = [torch.softmax(torch.addmm(bias, query / SIGMA**2, keys.T), dim=1) @ values for query in own]
        return torch.stack(means).reshape(cues.shape).numpy()

    return call


CASES = [pieces]
