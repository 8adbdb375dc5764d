// The controls of the view of images.
import { el, made } from './dom';
import { imageExports } from './imageexport';
import { DREAMS, type ImageState, MODELS, usualAmount } from './imagestate';
import type { ImageView } from './imageview';
import type { ImageSet } from './sets';

function fill(id: string, options: [value: string, text: string][]): void {
  el(id).replaceChildren(
    ...options.map(([value, text]) => {
      const option = made('option', text);
      option.value = value;
      return option;
    }),
  );
}

/** A dreaming time, and what it is at the ends. */
const dreamsText = (time: number): string =>
  time === 0 ? '0, Hebb' : time === 1e6 ? '10⁶, the pseudo-inverse' : String(time);

/** Sets the controls to the state. */
export function toImageControls({ state, set }: ImageView, sets: Record<string, ImageSet>): void {
  fill(
    'set',
    Object.entries(sets).map(([name, { title }]) => [name, title]),
  );
  el<HTMLSelectElement>('set').value = state.set;
  el<HTMLInputElement>('stored').max = String(set.count);
  el<HTMLInputElement>('stored').value = String(state.stored);
  el('stored-read').textContent = String(state.stored);
  el<HTMLSelectElement>('model').value = state.model;
  el('window-box').hidden = state.model !== 'local';
  el<HTMLInputElement>('window').value = String(state.window);
  el('dreams-box').hidden = state.model !== 'dreaming';
  const dreams = DREAMS.findIndex((time) => time >= state.dreams);
  el<HTMLInputElement>('dreams').max = String(DREAMS.length - 1);
  el<HTMLInputElement>('dreams').value = String(dreams);
  el<HTMLInputElement>('dreams').setAttribute('aria-valuetext', dreamsText(state.dreams));
  el('dreams-read').textContent = dreamsText(state.dreams);
  el('window-read').textContent = `${state.window} × ${state.window}`;
  const blend = set.raw ? 'the mean of the first two' : 'a blend of the first three';
  const most = Math.min(20, state.stored);
  const own = Array.from(
    { length: Math.max(most, typeof state.cue === 'number' ? state.cue : 0) },
    (_, n) => n + 1,
  );
  fill('cue-of', [...own.map((n): [string, string] => [String(n), set.label(n - 1)]), ['blend', blend]]);
  el<HTMLSelectElement>('cue-of').value = String(state.cue);
  el<HTMLSelectElement>('damage').value = state.damage;
  el('amount-box').hidden = state.damage === 'none' || state.damage === 'half';
  el('amount-name').textContent = state.damage === 'flip' ? 'Share of units' : 'Noise σ';
  el<HTMLInputElement>('amount').max = state.damage === 'flip' ? '0.5' : '1.5';
  el<HTMLInputElement>('amount').value = String(state.amount);
  el('amount-read').textContent = String(state.amount);
  for (const option of el<HTMLSelectElement>('damage').options)
    option.hidden = option.value === 'flip' && set.raw;
}

export function imageControls(view: ImageView, sets: Record<string, ImageSet>): void {
  fill(
    'model',
    MODELS.map(({ id, title }) => [id, title]),
  );
  const change = (how: (state: ImageState) => void, rebuild: boolean) => {
    how(view.state);
    if (rebuild) view.show(view.state);
    else view.makeCue();
    view.onChange();
  };
  const value = (event: Event) => (event.target as HTMLInputElement | HTMLSelectElement).value;
  el('set').addEventListener('change', (event) => {
    change((state) => {
      state.set = value(event);
      state.stored = Math.min(state.stored, sets[state.set]!.count);
      if (sets[state.set]!.raw && state.damage === 'flip')
        [state.damage, state.amount] = ['noise', usualAmount('noise')];
      state.cue = 1;
    }, true);
  });
  el('stored').addEventListener('input', (event) => {
    change((state) => {
      state.stored = Number(value(event));
      if (typeof state.cue === 'number') state.cue = Math.min(state.cue, state.stored);
    }, true);
  });
  el('model').addEventListener('change', (event) => {
    change((state) => {
      state.model = value(event);
    }, true);
  });
  el('window').addEventListener('input', (event) => {
    change((state) => {
      state.window = Number(value(event));
    }, true);
  });
  el('dreams').addEventListener('input', (event) => {
    change((state) => {
      state.dreams = DREAMS[Number(value(event))]!;
    }, true);
  });
  el('cue-of').addEventListener('change', (event) => {
    change((state) => {
      state.cue = value(event) === 'blend' ? 'blend' : Number(value(event));
    }, false);
  });
  el('damage').addEventListener('change', (event) => {
    change((state) => {
      state.damage = value(event) as ImageState['damage'];
      state.amount = usualAmount(state.damage);
    }, false);
  });
  el('amount').addEventListener('input', (event) => {
    change((state) => {
      state.amount = Number(value(event));
    }, false);
  });
  for (const input of document.querySelectorAll<HTMLInputElement>('input[name=brush]')) {
    input.addEventListener('change', () => view.setBrush(input.value as 'light' | 'dark' | 'unknown'));
  }
  el('images-recall').addEventListener('click', () => view.recall());
  el('images-seed').addEventListener('click', () => {
    change((state) => {
      state.seed += 1;
    }, false);
  });
  el('images-repeat').addEventListener('click', () => view.many());
  el('images-imagine').addEventListener('click', () => view.imagine());
  el('images-cliff').addEventListener('click', () => view.cliff());
  imageExports(view);
}
