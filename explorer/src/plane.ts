// The plane view: joins state, memory, drawing and what the reader does.
import { type Contents, groups, memoryOf, type Point } from './contents';
import { digits, el, reducedMotion, tell } from './dom';
import { bytesTaken, type Plane } from './engine';
import { frameOf, gridOf } from './frame';
import { Knob } from './knob';
import { Particles } from './motion';
import type { Theme } from './palette';
import { showPosterior } from './posterior';
import { Stage } from './stage';
import type { Field } from './surface';
import type { View } from './view';

/** How long the knob takes from one end to the other, in milliseconds. */
const JOURNEY = 7000;
/** Cells a side of the surface at rest, and the bounds while it moves. */
const STILL = 128;
const MOVING = { least: 40, most: 80, milliseconds: 2.5 };
/** While particles move, each of these is done once in so many frames, and not all in the same one: what is drawn anew, and
 * how often particles are counted. */
const SURFACE = { every: 2, at: 0 };
const KNOB = { every: 2, at: 1 };
const READ = { every: 6, at: 1 };
const COUNT = { every: 24, at: 13 };
/** Cells a side for arrows, for basins, and for the starts of descents. */
const ARROWS = 17;
const BASINS = 72;
const STARTS = 14;
/** Milliseconds without a change after which slow things are computed. */
const PAUSE = 140;

export class PlaneView {
  readonly stage = new Stage();
  readonly knob: Knob;
  readonly particles = new Particles();
  memory: Plane;
  /** The memory that the cursor of the keyboard or the pointer is at, or −1. */
  chosen = -1;
  cursor: Point | null = null;
  /** A line that is being drawn. */
  draft: Point[] = [];
  private side = MOVING.most;
  private field: Field | null = null;
  private basins: Uint32Array | null = null;
  private minima = new Float64Array();
  private labels: string[] = [];
  /** The level at which the particles left the cue; null if they did not come from there. */
  private asked: number | null = null;
  private shares: Float64Array | null = null;
  private frames = 0;
  /** Counts changes of the contents. */
  private version = 0;
  private playing = false;
  private last = 0;
  private scheduled = false;
  private stale = { field: true, fine: false, read: true, slow: true };
  private timer = 0;
  /** Called after each change that an address should keep. */
  onChange: () => void = () => {};

  constructor(public view: View) {
    this.memory = memoryOf(view.contents);
    this.knob = new Knob((sigma) => {
      this.stop();
      this.asked = null;
      this.turn(sigma);
      this.onChange();
    });
    new ResizeObserver(() => this.resize()).observe(this.stage.box);
  }

  /** Shows another state. */
  show(view: View, labels: string[]): void {
    this.stop();
    this.view = view;
    this.labels = labels;
    this.particles.clear();
    this.asked = null;
    this.chosen = -1;
    this.draft = [];
    this.stage.frame = frameOf(view.contents);
    const half = this.stage.frame.half;
    this.knob.setRange(half / 100, 1.25 * half);
    this.knob.set(view.sigma);
    this.view.sigma = this.knob.sigma;
    this.rebuild();
  }

  /** Builds the memory anew after the contents have changed. */
  rebuild(): void {
    const next = memoryOf(this.view.contents);
    this.memory.free();
    this.memory = next;
    this.version += 1;
    this.shares = null;
    if (this.asked !== null) this.returnTo(this.asked);
    this.stale = { field: true, fine: false, read: true, slow: true };
    this.redraw();
  }

  setTheme(theme: Theme): void {
    this.stage.setTheme(theme);
    this.resurface();
  }

  /** What the surface shows has changed. */
  resurface(): void {
    this.stale.field = true;
    this.stale.slow = true;
    this.redraw();
  }

  private resize(): void {
    if (this.stage.fit()) {
      this.stale.field = true;
      // What is known at rest is known at any size.
      this.stale.fine = !this.stale.slow && !this.playing;
      this.redraw();
    }
  }

  setCue(cue: Point | null): void {
    this.view.cue = cue;
    if (this.asked !== null) this.returnTo(this.asked);
    this.stale.read = true;
    this.redraw();
  }

  label(n: number): string {
    const own = this.labels[n];
    if (own !== undefined) return own;
    const { points, curves } = this.view.contents;
    if (n < points.length) return `pattern ${n + 1}`;
    if (n < points.length + curves.length) return `curve ${n - points.length + 1}`;
    return `Gaussian ${n - points.length - curves.length + 1}`;
  }

  /** Turns the knob to σ, and takes the particles along. */
  private turn(sigma: number): void {
    this.particles.carry(this.memory, this.view.sigma, sigma, this.view.way, this.view.seed);
    this.view.sigma = sigma;
    this.stale.field = true;
    this.stale.read = true;
    this.stale.slow = true;
    this.redraw();
  }

  get isPlaying(): boolean {
    return this.playing;
  }

  /** Back to the level that the cue had, without particles. */
  private returnTo(sigma: number): void {
    this.stop();
    this.asked = null;
    this.particles.clear();
    this.knob.set(sigma);
    this.view.sigma = this.knob.sigma;
    this.stale = { field: true, fine: false, read: true, slow: true };
  }

  recallFromCue(): void {
    if (!this.view.cue) return;
    if (this.asked !== null) this.returnTo(this.asked);
    this.asked = this.view.sigma;
    this.particles.gather(this.view.cue, this.view.particles);
    this.play();
  }

  createFromNoise(): void {
    this.stop();
    this.asked = null;
    this.particles.clear();
    const [, high] = this.knob.range;
    this.knob.set(high);
    this.view.sigma = this.knob.sigma;
    this.particles.draw(this.memory, this.view.particles, this.view.sigma, this.view.seed);
    this.play();
  }

  /** Lets the noise fall from here to its end. Without motion, all at once. */
  play(): void {
    if (reducedMotion()) {
      const [low] = this.knob.range;
      for (let guard = 0; guard < 200 && this.view.sigma > low * 1.0001; guard++) {
        const next = Math.max(low, this.view.sigma * 0.95);
        this.particles.carry(this.memory, this.view.sigma, next, this.view.way, this.view.seed);
        this.view.sigma = next;
      }
      this.knob.set(this.view.sigma);
      this.stale = { field: true, fine: false, read: true, slow: true };
      this.redraw();
      this.onChange();
      return;
    }
    this.playing = true;
    this.last = 0;
    this.redraw();
  }

  stop(): void {
    if (!this.playing) return;
    this.playing = false;
    this.knob.show();
    this.redraw();
    this.onChange();
  }

  /** Whether particles are on their way, and have not come to the end of the knob. */
  private get underWay(): boolean {
    return this.particles.size > 0 && this.view.sigma > 1.001 * this.knob.range[0];
  }

  private offerPause(): void {
    const button = el('pause');
    button.hidden = !this.playing && !this.underWay;
    tell('pause', this.playing ? 'Pause' : 'Go on');
    const moving = this.playing ? 'yes' : 'no';
    if (document.documentElement.dataset.moving !== moving) document.documentElement.dataset.moving = moving;
  }

  /** Stops the particles, or lets them go on. */
  pauseOrGoOn(): void {
    if (this.playing) this.stop();
    else if (this.underWay) this.play();
  }

  redraw(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame((now) => {
      this.scheduled = false;
      this.draw(now);
    });
  }

  private draw(now: number): void {
    if (this.playing) this.advance(now);
    this.frames += 1;
    const due = ({ every, at }: { every: number; at: number }) => !this.playing || this.frames % every === at;
    if ((this.stale.field && due(SURFACE)) || this.stale.fine) this.drawSurface();
    this.drawInk();
    this.offerPause();
    if (this.playing && due(KNOB)) this.knob.show();
    if (this.stale.read && due(READ)) this.read(due(COUNT));
    if (this.playing) this.redraw();
    else {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.settle(), PAUSE);
    }
  }

  private advance(now: number): void {
    const passed = this.last ? Math.min(50, now - this.last) : 16;
    this.last = now;
    const share = Math.min(1, this.knob.share(this.view.sigma) + passed / JOURNEY);
    const sigma = share >= 1 ? this.knob.range[0] : this.knob.at(share);
    this.particles.carry(this.memory, this.view.sigma, sigma, this.view.way, this.view.seed);
    this.knob.follow(sigma);
    this.view.sigma = sigma;
    this.stale.field = true;
    this.stale.read = true;
    this.stale.slow = true;
    if (share >= 1) this.stop();
  }

  private drawSurface(): void {
    const fine = this.stale.fine;
    this.stale.field = false;
    this.stale.fine = false;
    const { surface, contours, basins } = this.view.shown;
    const side = fine ? STILL : this.side;
    const begun = performance.now();
    this.field = surface || contours ? this.energies(side, fine) : null;
    if (!fine) {
      const taken = performance.now() - begun;
      const factor = Math.sqrt(MOVING.milliseconds / Math.max(0.5, taken));
      const wanted = this.side * Math.min(1.25, Math.max(0.7, factor));
      this.side = Math.round(Math.min(MOVING.most, Math.max(MOVING.least, wanted)));
    }
    if (basins && this.basins && fine) {
      this.stage.basins(this.basins, BASINS, contours ? this.field : null);
    } else if (this.field && surface) {
      this.stage.surface(this.field, contours);
    } else {
      this.stage.blank();
    }
  }

  private energies(side: number, fine: boolean): Field | null {
    const { corner, step, size } = gridOf(this.stage.frame, side);
    const { memory, view } = this;
    try {
      const values = fine
        ? memory.energies(view.landscape, view.sigma, corner, step, size)
        : memory.quick_energies(view.landscape, view.sigma, corner, step, size);
      tell('energy-error', '');
      return { side, values };
    } catch (error) {
      tell('energy-error', sentence(error));
      return null;
    }
  }

  private drawInk(): void {
    const { stage, view } = this;
    const { shown } = view;
    stage.clear();
    if (shown.pull || shown.hopfield) this.drawArrows();
    if (shown.trails) stage.trails(this.particles.trails);
    if (shown.minima && !this.playing) stage.minima(this.minima);
    stage.particles(this.particles.cloud);
    stage.memories(view.contents, this.chosen, this.version);
    if (view.cue) stage.cue(view.cue);
    if (this.draft.length > 1) stage.line(this.draft);
    if (this.cursor) stage.cursor(this.cursor);
  }

  private drawArrows(): void {
    const { shown, landscape, sigma, contents } = this.view;
    const { corner, step, size } = gridOf(this.stage.frame, ARROWS, true);
    const pull = shown.pull ? this.attempt(landscape, sigma, corner, step, size) : null;
    const other = shown.hopfield && contents.points.length > 0;
    const hopfield = other ? this.attempt('modern', sigma, corner, step, size) : null;
    this.stage.arrows({ side: ARROWS, pull, hopfield });
    const text = el('arrows-facts');
    if (!pull || !hopfield) {
      text.textContent = '';
      return;
    }
    const off = pull.reduce((most, value, k) => Math.max(most, Math.abs(value - hopfield[k]!)), 0);
    const longest = pull.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    text.textContent =
      off < 1e-9 * longest
        ? `The arrows coincide: largest difference ${digits(off, 1)}.`
        : `Largest difference of the arrows: ${digits(off, 2)}.`;
  }

  private attempt(
    landscape: string,
    sigma: number,
    corner: Float64Array,
    step: Float64Array,
    size: Uint32Array,
  ) {
    try {
      return this.memory.pull(landscape, sigma, corner, step, size);
    } catch {
      return null;
    }
  }

  private read(counting: boolean): void {
    this.stale.read = false;
    const { cue, sigma } = this.view;
    const level = this.asked ?? sigma;
    const values = cue ? this.memory.read(cue[0], cue[1], level) : null;
    tell('posterior-level', cue ? `The cue at σ = ${digits(level)}.` : '');
    if (this.particles.size === 0) this.shares = null;
    else if (counting) {
      this.shares = this.memory.shares(this.particles.cloud, sigma);
    }
    showPosterior(values, groups(this.view.contents), this.shares, (n) => this.label(n));
  }

  /** Computes what takes longer, once nothing changes any more. */
  private settle(): void {
    if (!this.stale.slow || this.playing) return;
    this.stale.slow = false;
    const { shown } = this.view;
    const [speciation, collapse] = this.memory.critical();
    this.knob.mark(speciation!, collapse!);
    const collapses = Number.isNaN(collapse!) ? '' : `, collapse at σ = ${digits(collapse!)}`;
    tell(
      'critical',
      Number.isNaN(speciation!) ? '' : `Speciation at σ = ${digits(speciation!)}${collapses}.`,
    );
    if (!shown.minima) tell('minima-facts', '');
    this.minima = shown.minima ? this.findMinima() : new Float64Array();
    this.basins = shown.basins ? this.findBasins() : null;
    this.stale.fine = true;
    document.documentElement.dataset.settled = String(Date.now());
    document.documentElement.dataset.wasm = String(bytesTaken());
    this.redraw();
  }

  private findMinima(): Float64Array<ArrayBuffer> {
    const { contents, landscape, sigma } = this.view;
    try {
      const found = this.memory.minima(landscape, startsOf(contents, this.stage), sigma);
      const count = found.length / 2;
      tell('minima-facts', `${count} ${count === 1 ? 'minimum' : 'minima'} found at this level.`);
      return found as Float64Array<ArrayBuffer>;
    } catch (problem) {
      tell('minima-facts', sentence(problem));
      return new Float64Array();
    }
  }

  private findBasins(): Uint32Array | null {
    const { corner, step, size } = gridOf(this.stage.frame, BASINS, true);
    try {
      return this.memory.basins(this.view.landscape, this.view.sigma, corner, step, size);
    } catch (problem) {
      tell('energy-error', sentence(problem));
      return null;
    }
  }
}

const sentence = (problem: unknown): string => (problem instanceof Error ? problem.message : String(problem));

/** Descents start from a grid over the frame, and from the points. */
function startsOf(contents: Contents, stage: Stage): Float64Array {
  const { corner, step, size } = gridOf(stage.frame, STARTS, true);
  const starts: number[] = [];
  for (let row = 0; row < size[1]!; row++) {
    for (let column = 0; column < size[0]!; column++) {
      starts.push(corner[0]! + column * step[0]!, corner[1]! + row * step[1]!);
    }
  }
  return Float64Array.from([...starts, ...contents.points.flat()]);
}
