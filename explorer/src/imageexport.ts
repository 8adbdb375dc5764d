// What can be taken away from the view of images: arrays, a picture, and the commands that recall the same.
import { el, save, showCommand } from './dom';
import { optionsOf } from './imagestate';
import type { ImageView } from './imageview';
import { npy } from './npy';

/** Models that recall through noise levels. */
const LEVELS = ['diffusion', 'local'];

/** The options of the command line that say the same as the page. */
function options(view: ImageView): string {
  const { set, state } = view;
  const { sigma, known } = view.asked;
  const lines = optionsOf(state, set).options.split('\n').filter(Boolean);
  const parts = ['--memory memory.npy', `--prepare ${set.raw ? 'normalize' : 'none'}`];
  parts.push(`--model ${optionsOf(state, set).name}`);
  for (let k = 0; k < lines.length; k += 2) parts.push(`--${lines[k]} ${lines[k + 1]}`);
  parts.push('--cues cue.npy');
  if (known) parts.push('--clamp known.npy');
  if (!Number.isNaN(sigma)) parts.push(`--sigma ${sigma}`);
  if (state.seed) parts.push(`--seed ${state.seed}`);
  return parts.join(' ');
}

/** The commands that recall the cue from the saved arrays, at once and step by step. With known units, memories of noise levels
 * have no trace. */
export function imageCommands(view: ImageView): string {
  const same = options(view);
  const recall = `attractor recall ${same} --out recalled.npy`;
  const traced = view.asked.known === null || !LEVELS.includes(view.state.model);
  return traced ? `${recall}\nattractor trace ${same}` : recall;
}

/** Cue, recalled state and nearest memory side by side. */
function picture(): Promise<Blob> {
  const parts = ['cue', 'now', 'near'].map((id) => el<HTMLCanvasElement>(id));
  const gap = 16;
  const side = 240;
  const canvas = document.createElement('canvas');
  canvas.width = parts.length * (side + gap) - gap;
  canvas.height = Math.max(...parts.map(({ width, height }) => Math.round((side * height) / width)));
  const context = canvas.getContext('2d')!;
  context.imageSmoothingEnabled = false;
  parts.forEach((part, k) => {
    context.drawImage(part, k * (side + gap), 0, side, Math.round((side * part.height) / part.width));
  });
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png');
  });
}

export function imageExports(view: ImageView): void {
  const rows = (count: number) => [count, view.set.shape.height, view.set.shape.width];
  el('save-memory-npy').addEventListener('click', () => {
    save('memory.npy', npy(view.asked.memory, rows(view.state.stored)));
  });
  el('save-cue-npy').addEventListener('click', () => save('cue.npy', npy(view.asked.cue, rows(1))));
  el('save-known-npy').addEventListener('click', () => {
    const { known } = view.asked;
    if (known) save('known.npy', npy(Float64Array.from(known), rows(1)));
  });
  el('save-state-npy').addEventListener('click', () => save('state.npy', npy(view.asked.state, rows(1))));
  el('save-images-png').addEventListener('click', async () => save('recall.png', await picture()));
}

/** Shows the commands, and offers the known units where there are unknown ones. */
export function showImageCommands(view: ImageView): void {
  showCommand('images-command', imageCommands(view));
  el('save-known-npy').hidden = view.asked.known === null;
}
