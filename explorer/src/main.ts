import './style.css';
import { check } from './check';
import { PRESETS } from './contents';
import { el, made, save, showCommand, tell } from './dom';
import { start } from './engine';
import { command, points, vector } from './export';
import { firstState, givenMemory } from './given';
import { Host } from './host';
import { imageControls, toImageControls } from './imagecontrols';
import { fromImageAddress, usualImages } from './imagestate';
import { ImageView } from './imageview';
import { LESSONS } from './lessons';
import type { Theme } from './palette';
import { PlaneView } from './plane';
import { imageSets } from './sets';
import { Tools } from './tools';
import { fromAddress, LANDSCAPES, SHOWN, type Shown, toAddress, usual } from './view';

async function run(): Promise<void> {
  const host = new Host();
  await start();
  check();
  const given = givenMemory();
  const plane = new PlaneView(usual());
  const tools = new Tools(plane);
  const sets = { ...(given?.images ? { memory: given.images } : {}), ...(await imageSets()) };
  const images = new ImageView(sets, usualImages());
  theme(plane);
  choices(given?.contents ? given.name : null);

  let lesson = '';
  const show = (address: string) => {
    const query = new URLSearchParams(address.replace(/^#/, ''));
    const found = LESSONS.find(({ name }) => name === query.get('lesson'));
    lesson = found?.name ?? '';
    if (found && query.size === 1) {
      for (const [name, value] of new URLSearchParams(found.address)) query.set(name, value);
    }
    // A page with images of its own begins with them.
    if (query.size === 0 && given?.images) query.set('view', 'images');
    const ofImages = query.get('view') === 'images';
    el('plane-view').hidden = ofImages;
    el('images-view').hidden = !ofImages;
    el(ofImages ? 'to-images' : 'to-plane').setAttribute('aria-current', 'page');
    el(ofImages ? 'to-plane' : 'to-images').removeAttribute('aria-current');
    plane.stop();
    images.halt();
    if (ofImages) {
      images.show(fromImageAddress(query, sets));
      toImageControls(images, sets);
    } else {
      const view = fromAddress(query.toString(), given?.contents ?? null);
      plane.show(view, view.preset === 'memory' ? (given?.labels ?? []) : []);
      toControls(plane);
    }
    const box = el('lesson');
    box.hidden = !found;
    if (found) {
      el('lesson-title').textContent = found.title;
      el('lesson-says').textContent = found.says;
      el('lesson-try').textContent = found.attempt;
    }
    el<HTMLSelectElement>('lessons').value = lesson;
  };

  // The address follows with a delay, since browsers limit how often it may change.
  let timer = 0;
  let own = '';
  const keep = (address: () => string) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const state = address();
      own = lesson ? `lesson=${lesson}${state ? `&${state}` : ''}` : state;
      host.tell(own);
      try {
        history.replaceState(null, '', `#${own}`);
      } catch {
        // A frame of a notebook has no address of its own.
      }
    }, 300);
  };
  plane.onChange = () => {
    toControls(plane);
    keep(() => toAddress(plane.view));
  };
  images.onChange = () => {
    toImageControls(images, sets);
    keep(() => images.address);
  };
  window.addEventListener('hashchange', () => {
    if (location.hash.slice(1) !== own) show(location.hash);
  });

  imageControls(images, sets);
  const go = (address: string) => {
    clearTimeout(timer);
    location.hash = address;
    own = address;
    show(address);
    host.tell(own);
  };
  controls(plane, tools, go);
  show(location.hash || firstState());
  host.connect(go, location.hash.slice(1) || firstState());
  document.documentElement.dataset.ready = 'yes';
}

/** Fills the lists. */
function choices(given: string | null): void {
  const presets = el<HTMLSelectElement>('preset');
  if (given !== null) presets.append(option('memory', given));
  for (const { name, title } of PRESETS) presets.append(option(name, title));
  const other = option('own', 'Your own');
  other.hidden = true;
  presets.append(other);
  for (const [name, title] of LANDSCAPES) el('landscape').append(option(name, title));
  for (const { name, title } of LESSONS) el('lessons').append(option(name, title));
}

function option(value: string, text: string): HTMLOptionElement {
  const found = made('option', text);
  found.value = value;
  return found;
}

/** The theme of the system, or the one that was chosen. */
function theme(plane: PlaneView): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let chosen: Theme | null = null;
  const apply = () => {
    const now: Theme = chosen ?? (dark.matches ? 'dark' : 'light');
    document.documentElement.dataset.theme = now;
    el('theme').textContent = now === 'dark' ? 'Light' : 'Dark';
    el('theme').setAttribute('aria-label', now === 'dark' ? 'Use light colours' : 'Use dark colours');
    plane.setTheme(now);
  };
  dark.addEventListener('change', apply);
  el('theme').addEventListener('click', () => {
    chosen = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    apply();
  });
  apply();
}

const shownBox = (name: keyof Shown) => el<HTMLInputElement>(`show-${name}`);
const shownNames = Object.keys(SHOWN) as (keyof Shown)[];

/** Sets the controls to the state. */
function toControls(plane: PlaneView): void {
  const { view } = plane;
  el<HTMLSelectElement>('preset').value = view.preset;
  el<HTMLSelectElement>('landscape').value = view.landscape;
  el<HTMLInputElement>(`way-${view.way}`).checked = true;
  el<HTMLInputElement>('count').value = String(view.particles);
  el('count-read').textContent = String(view.particles);
  for (const name of shownNames) shownBox(name).checked = view.shown[name];
  el<HTMLButtonElement>('recall').disabled = !view.cue;
  el<HTMLButtonElement>('duplicate').disabled = view.contents.points.length === 0;
  showCommand('command', command(plane));
  el('save-points').hidden = view.landscape === 'diffusion';
}

function controls(plane: PlaneView, tools: Tools, go: (address: string) => void): void {
  el<HTMLSelectElement>('lessons').addEventListener('change', (event) => {
    const name = (event.target as HTMLSelectElement).value;
    go(name ? `lesson=${name}` : '');
  });
  el('lesson-close').addEventListener('click', () => go(''));
  el('lesson-again').addEventListener('click', () => go(`lesson=${el<HTMLSelectElement>('lessons').value}`));
  el<HTMLSelectElement>('preset').addEventListener('change', (event) => {
    const name = (event.target as HTMLSelectElement).value;
    go(`memory=${name}`);
  });
  el<HTMLSelectElement>('landscape').addEventListener('change', (event) => {
    plane.view.landscape = (event.target as HTMLSelectElement).value;
    plane.resurface();
    plane.onChange();
  });
  for (const way of ['flow', 'sde'] as const) {
    el(`way-${way}`).addEventListener('change', () => {
      plane.view.way = way;
      plane.onChange();
    });
  }
  el<HTMLInputElement>('count').addEventListener('input', (event) => {
    plane.view.particles = Number((event.target as HTMLInputElement).value);
    plane.onChange();
  });
  for (const name of shownNames) {
    shownBox(name).addEventListener('change', (event) => {
      plane.view.shown[name] = (event.target as HTMLInputElement).checked;
      plane.resurface();
      plane.onChange();
    });
  }
  el('recall').addEventListener('click', () => plane.recallFromCue());
  el('create').addEventListener('click', () => plane.createFromNoise());
  el('pause').addEventListener('click', () => plane.pauseOrGoOn());
  el('duplicate').addEventListener('click', () => {
    const times = tools.duplicate();
    el('duplicate-read').textContent = times > 1 ? `It is stored ${times} times now.` : '';
  });
  el('clear').addEventListener('click', () => {
    const { contents, cue } = plane.view;
    Object.assign(contents, { points: [cue ?? [0, 0]], curves: [], gaussians: [] });
    plane.view.preset = 'own';
    plane.particles.clear();
    plane.rebuild();
    plane.onChange();
  });
  exports(plane);
}

function exports(plane: PlaneView): void {
  el('save-png').addEventListener('click', async () => save('plane.png', await plane.stage.picture()));
  el('save-svg').addEventListener('click', () => {
    save('plane.svg', new Blob([vector(plane)], { type: 'image/svg+xml' }));
  });
  el('save-toml').addEventListener('click', () => {
    save('plane.toml', new Blob([plane.memory.description()], { type: 'application/toml' }));
  });
  el('save-points').addEventListener('click', () => save('points.npy', points(plane)));
  copying('copy', 'command', 'copied');
  copying('images-copy', 'images-command', 'images-copied');
}

/** A button that copies the text of an element, or selects it where a page may not copy. */
function copying(button: string, from: string, told: string): void {
  el(button).addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(el(from).textContent ?? '');
      tell(told, 'Copied.');
    } catch {
      getSelection()?.selectAllChildren(el(from));
      tell(told, 'The command is selected; copy it with the keys.');
    }
  });
}

run().catch((error: unknown) => {
  el('failure').hidden = false;
  el('failure').textContent =
    `The explorer cannot run here: ${error instanceof Error ? error.message : String(error)}`;
  document.documentElement.dataset.check = 'failed';
});
