// The view of images: a cue, its recall step by step, and what the memory makes of it.
import { chart } from './chart';
import { capacityCliff } from './cliff';
import { digits, el, made, reducedMotion } from './dom';
import { flipped, Images, noisy } from './engine';
import { showImageCommands } from './imageexport';
import { type ImageState, optionsOf, toImageAddress } from './imagestate';
import { paint, paintCouplings, picture } from './pixels';
import { posteriorRow } from './posterior';
import type { ImageSet } from './sets';

/** How many stored images, recalls and imagined images are shown. */
const SHOWN = 20;
const RECALLS = 100;
const IMAGINED = 12;
/** How many bars of the posterior there are at a step. */
const BARS = 5;
/** Milliseconds for each step of a recall that is played, and of a sequence. */
const STEP = 90;
const BEAT = 350;

interface Recalled {
  states: Float64Array;
  count: number;
  numbers: Record<string, Float64Array>;
  nearest: number | null;
}

export class ImageView {
  private memory: Images | null = null;
  private stored: Float64Array = new Float64Array();
  private clean: Float64Array = new Float64Array();
  private cue: Float64Array = new Float64Array();
  private known = new Uint8Array();
  private recalled: Recalled | null = null;
  private at = 0;
  private timer = 0;
  private drawn = false;
  private brush: 'light' | 'dark' | 'unknown' = 'light';
  onChange: () => void = () => {};

  constructor(
    private readonly sets: Record<string, ImageSet>,
    public state: ImageState,
  ) {
    const canvas = el<HTMLCanvasElement>('cue');
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.draw(event);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (event.buttons) this.draw(event);
    });
    el<HTMLInputElement>('step').addEventListener('input', (event) => {
      this.halt();
      this.goTo(Number((event.target as HTMLInputElement).value));
    });
  }

  get set(): ImageSet {
    return this.sets[this.state.set]!;
  }

  private get units(): number {
    return this.set.shape.height * this.set.shape.width;
  }

  setBrush(brush: 'light' | 'dark' | 'unknown'): void {
    this.brush = brush;
  }

  /** Shows another state: stores the images, and makes the cue. */
  show(state: ImageState): void {
    this.state = state;
    state.stored = Math.min(state.stored, this.set.count);
    this.build();
    this.makeCue();
    this.shelf();
    if (state.cliff) this.cliff();
    else el('cliff').replaceChildren();
  }

  /** Stores the images in a memory of the chosen model. */
  private build(): void {
    this.memory?.free();
    this.memory = null;
    this.stored = this.set.images(this.state.stored);
    const { name, options } = optionsOf(this.state, this.set);
    const error = el('images-error');
    try {
      this.memory = new Images(name, options, this.stored, this.units, this.set.raw);
      error.textContent = '';
    } catch (problem) {
      error.textContent = problem instanceof Error ? problem.message : String(problem);
    }
    const couplings = this.memory?.couplings() ?? new Float64Array();
    el('couplings-box').hidden = couplings.length === 0;
    if (couplings.length > 0) {
      paintCouplings(el<HTMLCanvasElement>('couplings'), couplings, this.units);
    }
    el('images-many').replaceChildren();
    el('imagined').replaceChildren();
  }

  private image(n: number): Float64Array {
    return this.stored.slice(n * this.units, (n + 1) * this.units);
  }

  /** Makes the cue: a stored image or a blend, with damage. */
  makeCue(): void {
    const { cue, damage, amount, seed, stored } = this.state;
    this.halt();
    this.drawn = false;
    if (cue === 'blend') {
      // The majority of three words, or the mean of two images.
      const parts = Array.from({ length: Math.min(this.set.raw ? 2 : 3, stored) }, (_, n) => this.image(n));
      this.clean = Float64Array.from(
        parts[0]!,
        (_, k) => parts.reduce((sum, part) => sum + part[k]!, 0) / parts.length,
      );
      if (!this.set.raw) this.clean = this.clean.map((value) => (value < 0 ? -1 : 1));
    } else this.clean = this.image(Math.min(cue, stored) - 1);
    this.known = new Uint8Array(this.units).fill(1);
    if (damage === 'noise') this.cue = noisy(this.clean, amount, seed);
    else if (damage === 'flip') this.cue = flipped(this.clean, amount, seed);
    else {
      this.cue = this.clean.slice();
      if (damage === 'half') this.known.fill(0, Math.ceil(this.set.shape.height / 2) * this.set.shape.width);
    }
    this.forget();
  }

  /** A new cue has no recall yet. */
  private forget(): void {
    this.recalled = null;
    this.at = 0;
    this.paintAll();
  }

  private draw(event: PointerEvent): void {
    const box = el('cue').getBoundingClientRect();
    const { height, width, range } = this.set.shape;
    const column = Math.floor(((event.clientX - box.left) / box.width) * width);
    const row = Math.floor(((event.clientY - box.top) / box.height) * height);
    if (column < 0 || row < 0 || column >= width || row >= height) return;
    event.preventDefault();
    this.dab(row * width + column, range);
  }

  private dab(unit: number, range: [number, number]): void {
    this.known[unit] = this.brush === 'unknown' ? 0 : 1;
    if (this.brush !== 'unknown') this.cue[unit] = range[this.brush === 'light' ? 1 : 0];
    this.drawn = true;
    this.halt();
    this.forget();
  }

  /** Whether some units are not known. */
  private get partly(): boolean {
    return this.known.includes(0);
  }

  /** The level of the cue: that of its noise, or NaN, which has it estimated. */
  private get sigma(): number {
    const { damage, amount } = this.state;
    return damage === 'noise' && !this.drawn && !this.partly ? amount : Number.NaN;
  }

  /** What a recall is asked for, and the state that is shown. */
  get asked() {
    const { stored: memory, cue, sigma, recalled, at, units } = this;
    const state = recalled ? recalled.states.slice(at * units, (at + 1) * units) : cue;
    return { memory, cue, known: this.partly ? this.known : null, sigma, state };
  }

  recall(): void {
    if (!this.memory) return;
    this.halt();
    const error = el('images-error');
    try {
      const found = this.memory.steps(
        this.cue,
        this.partly ? this.known : new Uint8Array(),
        this.sigma,
        this.state.seed,
      );
      const states = found.states();
      const numbers: Record<string, Float64Array> = {};
      for (const name of [
        'sigma',
        'energy',
        'entropy',
        'local_dimension',
        'favourite',
        'weight',
        'nearest',
      ]) {
        numbers[name] = found.numbers(name);
      }
      this.recalled = {
        states,
        count: states.length / this.units,
        numbers,
        nearest: found.nearest() ?? null,
      };
      found.free();
      error.textContent = '';
    } catch (problem) {
      error.textContent = problem instanceof Error ? problem.message : String(problem);
      return;
    }
    if (reducedMotion()) this.goTo(this.recalled.count - 1);
    else this.play();
  }

  private play(): void {
    this.goTo(0);
    this.timer = window.setInterval(
      () => {
        if (!this.recalled || this.at >= this.recalled.count - 1) this.halt();
        else this.goTo(this.at + 1);
      },
      this.state.model === 'sequence' ? BEAT : STEP,
    );
    document.documentElement.dataset.playing = 'yes';
  }

  halt(): void {
    clearInterval(this.timer);
    delete document.documentElement.dataset.playing;
  }

  private goTo(step: number): void {
    this.at = step;
    this.paintAll();
  }

  private paintAll(): void {
    const { shape } = this.set;
    paint(el<HTMLCanvasElement>('cue'), this.cue, shape, this.known);
    const slider = el<HTMLInputElement>('step');
    const { recalled, at, units } = this;
    slider.disabled = !recalled;
    slider.max = String(recalled ? recalled.count - 1 : 1);
    slider.value = String(at);
    const now = recalled ? recalled.states.subarray(at * units, (at + 1) * units) : this.cue;
    paint(el<HTMLCanvasElement>('now'), now, shape, recalled ? null : this.known);
    this.tell(now);
    this.bars(now);
    this.charts();
    showImageCommands(this);
  }

  /** Bars of the posterior at this step, for a memory that has one. */
  private bars(now: Float64Array): void {
    const { recalled, at, memory } = this;
    // At σ = 0, where one memory has all the weight, the level is nearly 0.
    const sigma = Math.max(recalled?.numbers.sigma?.[at] || 0, 1e-6);
    const found = recalled && !this.partly && memory ? memory.posterior(now, sigma, BARS) : [];
    const rows = Array.from({ length: found.length / 2 }, (_, k) => {
      const [n, weight] = [found[2 * k]!, found[2 * k + 1]!];
      return posteriorRow(this.set.label(n), weight, n, null);
    });
    el('step-posterior').replaceChildren(...rows);
  }

  /** Says what the memory makes of the state at this step. */
  private tell(now: Float64Array): void {
    const { recalled, at } = this;
    const facts = el('step-facts');
    const near = el<HTMLCanvasElement>('near');
    if (!recalled) {
      facts.textContent = 'Press “Recall”.';
      near.getContext('2d')!.clearRect(0, 0, near.width, near.height);
      el('near-name').textContent = 'nearest memory';
      return;
    }
    const number = (name: string) => recalled.numbers[name]?.[at] ?? Number.NaN;
    const known = (name: string, text: string) =>
      Number.isNaN(number(name)) ? [] : [`${text} ${digits(rounded(number(name)), 4)}`];
    const parts = [
      `Step ${at} of ${recalled.count - 1}`,
      ...(number('sigma') > 0 ? known('sigma', 'σ =') : []),
      ...known('energy', 'energy'),
      ...known('entropy', 'entropy'),
      ...known('local_dimension', 'local dimension'),
    ];
    const last = at === recalled.count - 1;
    const nearest = last ? recalled.nearest : Number.isNaN(number('nearest')) ? null : number('nearest');
    if (nearest !== null) {
      const image = this.image(nearest);
      paint(near, image, this.set.shape);
      const same = now.reduce((count, value, k) => count + (Math.abs(value - image[k]!) < 0.02 ? 1 : 0), 0);
      el('near-name').textContent = this.set.label(nearest);
      parts.push(`${same} of ${this.units} units as in ${this.set.label(nearest)}`);
    }
    facts.textContent = `${parts.join('; ')}.`;
  }

  private charts(): void {
    const { recalled } = this;
    const box = el('charts');
    if (!recalled || recalled.count < 2) {
      box.replaceChildren();
      return;
    }
    const x = Array.from({ length: recalled.count }, (_, k) => k);
    const titles = {
      energy: 'energy',
      entropy: 'entropy of the posterior',
      local_dimension: 'local dimension',
      ...(this.state.model === 'sequence' ? { nearest: 'nearest memory, from 0' } : {}),
    };
    const charts = Object.entries(titles).flatMap(([name, title]) => {
      const y = Array.from(recalled.numbers[name] ?? [], rounded);
      if (y.filter(Number.isFinite).length < 2) return [];
      const figure = made('figure');
      figure.append(
        made('figcaption', title),
        chart([{ name: title, x, y }], { title, across: 'step', width: 230, height: 120, mark: this.at }),
      );
      return [figure];
    });
    box.replaceChildren(...charts);
  }

  /** The stored images; a press makes one the cue. */
  private shelf(): void {
    const shown = Math.min(SHOWN, this.state.stored);
    const buttons = Array.from({ length: shown }, (_, n) => {
      const button = made('button');
      button.type = 'button';
      button.title = this.set.label(n);
      button.append(picture(this.image(n), this.set.shape, 40, this.set.label(n)));
      button.addEventListener('click', () => {
        this.state.cue = n + 1;
        this.makeCue();
        this.onChange();
      });
      return button;
    });
    el('shelf').replaceChildren(...buttons);
    el('shelf-more').textContent = this.state.stored > shown ? `and ${this.state.stored - shown} more` : '';
  }

  /** Recalls the cue many times by the reverse SDE, and counts where it ends. */
  many(): void {
    const units = this.units;
    const { options } = optionsOf({ ...this.state, model: 'diffusion' }, this.set);
    const memory = new Images(
      'diffusion',
      `${options}sampler\nancestral\n`,
      this.stored,
      units,
      this.set.raw,
    );
    const cues = new Float64Array(RECALLS * units);
    for (let k = 0; k < RECALLS; k++) cues.set(this.cue, k * units);
    const ends = memory.ends(cues, units, this.sigma, this.state.seed);
    const counts = new Map<number, number>();
    for (const n of ends.nearest()) counts.set(n, (counts.get(n) ?? 0) + 1);
    const rows = [...counts]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 8)
      .map(([n, times]) => {
        const row = made('li');
        const name = n < 0 ? 'none' : this.set.label(n);
        if (n >= 0) row.append(picture(this.image(n), this.set.shape, 30, name));
        row.append(made('span', `${name}: ${times} of ${RECALLS}`));
        return row;
      });
    el('images-many').replaceChildren(...rows);
    ends.free();
    memory.free();
  }

  /** States recalled from noise. */
  imagine(): void {
    if (!this.memory) return;
    const error = el('images-error');
    try {
      const states = this.memory.imagine(IMAGINED, this.state.seed);
      const images = Array.from({ length: IMAGINED }, (_, n) => {
        const image = states.slice(n * this.units, (n + 1) * this.units);
        return picture(image, this.set.shape, 48, `imagined image ${n + 1}`);
      });
      el('imagined').replaceChildren(...images);
      error.textContent = '';
    } catch (problem) {
      error.textContent = problem instanceof Error ? problem.message : String(problem);
    }
  }

  cliff(): void {
    capacityCliff(el('cliff'));
  }

  get address(): string {
    return toImageAddress(this.state);
  }
}

/** A number without the digits that are rounding. */
const rounded = (value: number): number => (Math.abs(value) < 1e-12 ? 0 : value);
