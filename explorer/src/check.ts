// The page checks itself when it starts: what it computes must be what is known.
import { digits, el, made } from './dom';
import { Plane } from './engine';
import native from './native.json';

interface Check {
  name: string;
  holds: boolean;
  found: string;
}

const points = (values: number[]): Plane =>
  new Plane(new Float64Array(values), new Float64Array(), new Uint32Array(), new Float64Array());

/** Two patterns ±y with |y| = 1: the valley splits at σ = 1. */
function speciation(): Check {
  const memory = points([0.6, 0.8, -0.6, -0.8]);
  const [level] = memory.critical();
  memory.free();
  return {
    name: 'two patterns speciate at σ = 1',
    holds: Math.abs(level! - 1) < 1e-9,
    found: digits(level!, 6),
  };
}

/** Recall and energy are those of the program on the command line:
 * `attractor recall --sigma 0.9` and `attractor energy --sigma 0.5` with `--dtype f64`. */
function recall(): Check {
  const memory = points(native.points.flat());
  const ends = memory.recall(new Float64Array(native.cues.flat()), native.sigma);
  const one = { step: Float64Array.of(1, 1), size: Uint32Array.of(1, 1) };
  const energies = native.cues.map(
    (cue) =>
      memory.energies('diffusion', native.energy_sigma, Float64Array.from(cue), one.step, one.size)[0]!,
  );
  memory.free();
  const wanted = [...native.recalled.flat(), ...native.energies];
  const found = [...ends, ...energies];
  const off = Math.max(...wanted.map((value, k) => Math.abs(value - found[k]!)));
  return {
    name: 'recall and energy are those of the native program',
    holds: found.length === wanted.length && off < 1e-6,
    found: `largest difference ${digits(off, 2)}`,
  };
}

/** E_σ falls along the probability flow. States that move are in single precision, whose rounding may lift it. */
function energy(): Check {
  const rounding = 1e-6;
  const memory = points([1, 0, -0.4, 0.9, -0.7, -0.8]);
  const state = Float64Array.of(0.3, 1.4);
  const at = (sigma: number) =>
    memory.energies('diffusion', sigma, state, Float64Array.of(1, 1), Uint32Array.of(1, 1))[0]!;
  let rises = 0;
  let sigma = 2;
  let before = at(sigma);
  for (let k = 0; k < 120; k++) {
    const next = sigma * 0.96;
    memory.carry(state, sigma, next, true, 0);
    const after = at(next);
    if (after > before + rounding) rises += 1;
    [sigma, before] = [next, after];
  }
  memory.free();
  return { name: 'energy falls along the flow', holds: rises === 0, found: `${rises} of 120 steps rise` };
}

/** Runs the checks and shows them in the corner. Returns whether all hold. */
export function check(): boolean {
  const attempt = (one: () => Check): Check => {
    try {
      return one();
    } catch (error) {
      return { name: one.name, holds: false, found: String(error) };
    }
  };
  const checks = [speciation, recall, energy].map(attempt);
  const held = checks.filter(({ holds }) => holds).length;
  const all = held === checks.length;
  el('check-sum').textContent = all
    ? `✓ self-check ${held}/${checks.length}`
    : `✗ self-check ${held}/${checks.length}`;
  el('check').classList.toggle('failed', !all);
  el('check-list').replaceChildren(
    ...checks.map(({ name, holds, found }) => made('li', `${holds ? '✓' : '✗'} ${name} (${found})`)),
  );
  document.documentElement.dataset.check = all ? 'ok' : 'failed';
  return all;
}
