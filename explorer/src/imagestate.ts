// The state of the view of images, and its address.
import type { ImageSet } from './sets';

export interface ImageState {
  set: string;
  stored: number;
  model: string;
  /** The stored image that the cue is made of, from 1, or a blend of the first ones. */
  cue: number | 'blend';
  damage: 'none' | 'noise' | 'flip' | 'half';
  amount: number;
  /** The side of the windows of the local model. */
  window: number;
  /** The dreaming time of the classical network that dreams. */
  dreams: number;
  seed: number;
  /** Whether the capacity cliff is shown. */
  cliff: boolean;
}

export const MODELS: { id: string; name: string; title: string; options: string }[] = [
  { id: 'diffusion', name: 'diffusion', title: 'Diffusion', options: '' },
  { id: 'modern', name: 'modern', title: 'Modern Hopfield', options: '' },
  { id: 'dense', name: 'dense', title: 'Dense, F(u) = u³', options: '' },
  { id: 'hopfield', name: 'hopfield', title: 'Classical Hopfield (Hebb)', options: 'update\nasynchronous\n' },
  {
    id: 'pseudo-inverse',
    name: 'hopfield',
    title: 'Classical Hopfield (pseudo-inverse)',
    options: 'update\nasynchronous\nrule\npseudo-inverse\n',
  },
  {
    id: 'dreaming',
    name: 'hopfield',
    title: 'Classical Hopfield (dreaming)',
    options: 'update\nasynchronous\nrule\ndreaming\n',
  },
  { id: 'sequence', name: 'sequence', title: 'Sequence, in the stored order', options: '' },
  { id: 'local', name: 'local', title: 'Local diffusion (windows)', options: '' },
];

/** Dreaming times of the slider: from Hebb's rule at 0 to what is the pseudo-inverse for every eye. */
export const DREAMS = [0, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 256, 1024, 1e4, 1e6];

/** The name of a model on the command line, and its options as lines of names and values. */
export function optionsOf(
  { model, window, dreams }: ImageState,
  { shape, spins }: ImageSet,
): { name: string; options: string } {
  const { name, options } = MODELS.find(({ id }) => id === model)!;
  if (model === 'sequence') return { name: spins ? 'sequence' : 'continuous-sequence', options };
  if (model === 'dreaming') return { name, options: `${options}dreams\n${dreams}\n` };
  if (model !== 'local') return { name, options };
  return { name, options: `${options}image\n${shape.height}x${shape.width}\nwindow\n${window}\n` };
}

export function usualImages(): ImageState {
  return {
    set: 'digits',
    stored: 20,
    model: 'diffusion',
    cue: 1,
    damage: 'noise',
    amount: 0.4,
    window: 3,
    dreams: 8,
    seed: 0,
    cliff: false,
  };
}

/** The amount that a kind of damage begins with. */
export const usualAmount = (damage: ImageState['damage']): number =>
  ({ none: 0, noise: 0.4, flip: 0.1, half: 0 })[damage];

export function toImageAddress(state: ImageState): string {
  const query = new URLSearchParams({ view: 'images' });
  query.set('set', state.set);
  query.set('stored', String(state.stored));
  query.set('model', state.model);
  query.set('cue', String(state.cue));
  query.set('damage', state.amount ? `${state.damage}:${state.amount}` : state.damage);
  if (state.model === 'local') query.set('window', String(state.window));
  if (state.model === 'dreaming') query.set('dreams', String(state.dreams));
  if (state.seed) query.set('seed', String(state.seed));
  if (state.cliff) query.set('cliff', 'yes');
  return query.toString().replaceAll('%3A', ':');
}

/** Reads an address. What cannot be read stays as usual. */
export function fromImageAddress(query: URLSearchParams, sets: Record<string, ImageSet>): ImageState {
  const state = usualImages();
  const set = query.get('set');
  if (set && sets[set]) state.set = set;
  else if (sets.memory) state.set = 'memory';
  const whole = (name: string, least: number, most: number, usual: number) => {
    const value = Number(query.get(name));
    return query.has(name) && Number.isInteger(value) && value >= least && value <= most ? value : usual;
  };
  state.stored = whole('stored', 1, sets[state.set]!.count, Math.min(state.stored, sets[state.set]!.count));
  const model = query.get('model');
  if (MODELS.some(({ id }) => id === model)) state.model = model!;
  state.cue = query.get('cue') === 'blend' ? 'blend' : whole('cue', 1, state.stored, 1);
  const [damage, amount] = (query.get('damage') ?? 'noise:0.4').split(':');
  if (damage === 'none' || damage === 'noise' || damage === 'flip' || damage === 'half') {
    state.damage = damage;
    const value = Number(amount);
    state.amount = value > 0 && value <= 2 ? value : usualAmount(damage);
  }
  const window = whole('window', 1, 31, state.window);
  state.window = window % 2 === 1 ? window : window + 1;
  const dreams = Number(query.get('dreams'));
  if (query.has('dreams') && dreams >= 0 && dreams <= 1e6) state.dreams = dreams;
  state.seed = whole('seed', 0, 2 ** 20, 0);
  state.cliff = query.get('cliff') === 'yes';
  return state;
}
