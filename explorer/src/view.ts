// The state of the plane view, and the address that keeps it.
import { type Contents, copy, count, empty, type Point, PRESETS } from './contents';
import type { Way } from './motion';

export interface Shown {
  surface: boolean;
  contours: boolean;
  pull: boolean;
  hopfield: boolean;
  basins: boolean;
  minima: boolean;
  trails: boolean;
}

export const SHOWN: Shown = {
  surface: true,
  contours: true,
  pull: false,
  hopfield: false,
  basins: false,
  minima: false,
  trails: true,
};

export interface View {
  /** The preset, or `own` after a change, or `memory` for the memory that was given with the page. */
  preset: string;
  contents: Contents;
  sigma: number;
  cue: Point | null;
  way: Way;
  particles: number;
  seed: number;
  landscape: string;
  shown: Shown;
}

export function usual(): View {
  return {
    preset: 'circle',
    contents: PRESETS[0]!.contents(),
    sigma: 0.5,
    cue: [0.25, 0.35],
    way: 'sde',
    particles: 300,
    seed: 0,
    landscape: 'diffusion',
    shown: { ...SHOWN },
  };
}

const short = (value: number): string => String(Number(value.toFixed(3)));
const flat = (points: Point[]): string => points.flat().map(short).join(',');

/** The state as the part of an address after #. What is usual is left out. */
export function toAddress(view: View): string {
  const initial = usual();
  const query = new URLSearchParams();
  if (view.preset === 'own') {
    query.set('p', flat(view.contents.points));
    for (const curve of view.contents.curves) query.append('c', flat(curve));
    for (const { mean, deviations, angle } of view.contents.gaussians) {
      query.append('g', [...mean, ...deviations, angle].map(short).join(','));
    }
  } else if (view.preset !== initial.preset) query.set('memory', view.preset);
  if (view.sigma !== initial.sigma) query.set('sigma', String(Number(view.sigma.toPrecision(4))));
  query.set('cue', view.cue ? flat([view.cue]) : '');
  if (view.cue && flat([view.cue]) === flat([initial.cue!])) query.delete('cue');
  if (view.way !== initial.way) query.set('way', view.way);
  if (view.particles !== initial.particles) query.set('n', String(view.particles));
  if (view.seed !== initial.seed) query.set('seed', String(view.seed));
  if (view.landscape !== initial.landscape) query.set('energy', view.landscape);
  const shown = (Object.keys(SHOWN) as (keyof Shown)[]).filter((name) => view.shown[name]);
  const usually = (Object.keys(SHOWN) as (keyof Shown)[]).filter((name) => SHOWN[name]);
  if (shown.join() !== usually.join()) query.set('show', shown.join());
  return query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
}

const numbers = (text: string): number[] => text.split(',').filter(Boolean).map(Number);

function pairs(text: string): Point[] {
  const values = numbers(text);
  return Array.from({ length: values.length >> 1 }, (_, k) => [values[2 * k]!, values[2 * k + 1]!]);
}

const finite = (values: number[]): boolean => values.every((value) => Math.abs(value) < 1e12);

/** Reads an address. What cannot be read stays as usual. */
export function fromAddress(address: string, given: Contents | null): View {
  const query = new URLSearchParams(address.replace(/^#/, ''));
  const view = usual();
  if (given) {
    view.preset = 'memory';
    view.contents = copy(given);
  }
  const preset = PRESETS.find(({ name }) => name === query.get('memory'));
  if (preset) {
    view.preset = preset.name;
    view.contents = preset.contents();
  }
  if (query.has('p') || query.has('c') || query.has('g')) {
    const own = empty();
    own.points = pairs(query.get('p') ?? '').filter(finite);
    own.curves = query
      .getAll('c')
      .map(pairs)
      .filter((curve) => curve.length > 1 && curve.every(finite));
    own.gaussians = query
      .getAll('g')
      .map(numbers)
      .filter((g) => g.length === 5 && finite(g) && g[2]! > 0 && g[3]! > 0)
      .map(([x, y, a, b, angle]) => ({ mean: [x!, y!], deviations: [a!, b!], angle: angle! }));
    if (count(own) > 0) {
      view.preset = 'own';
      view.contents = own;
    }
  }
  const sigma = Number(query.get('sigma'));
  if (sigma > 0 && Number.isFinite(sigma)) view.sigma = sigma;
  if (query.has('cue')) {
    const cue = pairs(query.get('cue')!)[0];
    view.cue = cue && finite(cue) ? cue : null;
  }
  if (query.get('way') === 'flow') view.way = 'flow';
  const n = Number(query.get('n'));
  if (Number.isInteger(n) && n >= 1 && n <= 2000) view.particles = n;
  const seed = Number(query.get('seed'));
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 20) view.seed = seed;
  const energy = query.get('energy');
  if (energy && LANDSCAPES.some(([name]) => name === energy)) view.landscape = energy;
  if (query.has('show')) {
    const shown = query.get('show')!.split(',');
    for (const name of Object.keys(SHOWN) as (keyof Shown)[]) view.shown[name] = shown.includes(name);
  }
  return view;
}

/** The energies that can be drawn, with their titles. All but the first are those of the points alone. */
export const LANDSCAPES: [name: string, title: string][] = [
  ['diffusion', 'Diffusion, at this σ'],
  ['modern', 'Modern Hopfield, β = 1/σ²'],
  ['modern:distance', 'Modern Hopfield by distance, β = 1/σ²'],
  ['sparsemax', 'Compact (sparsemax), β = 1/σ²'],
  ['entmax:1.5', 'Compact (1.5-entmax), β = 1/σ²'],
  ['log-sum-relu', 'Log-sum-ReLU, β = 1/σ²'],
  ['dense:poly:2', 'Dense, F(u) = u²'],
  ['dense:poly:3', 'Dense, F(u) = u³'],
  ['dense:relu:3', 'Dense, F(u) = max(u, 0)³'],
  ['dense:exp', 'Dense, F(u) = exp u'],
  ['hopfield', 'Classical Hopfield of the signs (Hebb)'],
];
