// The one knob: σ on a logarithmic slider, from much noise (left) to hardly any (right).
import { digits, el, tell } from './dom';
import { clock } from './engine';

const STEPS = 1000;

export class Knob {
  readonly slider = el<HTMLInputElement>('sigma');
  private low = 0.02;
  private high = 2.5;
  private level = 0.5;

  constructor(changed: (sigma: number) => void) {
    this.slider.max = String(STEPS);
    this.slider.addEventListener('input', () => {
      this.level = this.at(Number(this.slider.value) / STEPS);
      this.describe();
      changed(this.level);
    });
  }

  get sigma(): number {
    return this.level;
  }

  get range(): [number, number] {
    return [this.low, this.high];
  }

  /** The level at a share of the way from the largest to the smallest. */
  at(share: number): number {
    return this.high * (this.low / this.high) ** share;
  }

  share(sigma: number): number {
    return Math.log(this.high / sigma) / Math.log(this.high / this.low);
  }

  setRange(low: number, high: number): void {
    [this.low, this.high] = [low, high];
    this.set(this.level);
  }

  set(sigma: number): void {
    this.follow(sigma);
    this.show();
  }

  /** Takes a level without showing it yet. */
  follow(sigma: number): void {
    this.level = Math.min(this.high, Math.max(this.low, sigma));
  }

  show(): void {
    this.slider.value = String(Math.round(STEPS * this.share(this.level)));
    this.describe();
  }

  private describe(): void {
    const [time, signal] = clock(this.level);
    const beta = 1 / this.level ** 2;
    tell('read-sigma', digits(this.level));
    tell('read-beta', digits(beta));
    tell('read-t', digits(time!));
    tell('read-theta', digits(signal!));
    this.slider.setAttribute(
      'aria-valuetext',
      `sigma ${digits(this.level)}, beta ${digits(beta)}, time ${digits(time!)}`,
    );
  }

  /** Puts marks at speciation and collapse, where the formulas say. NaN hides a mark. */
  mark(speciation: number, collapse: number): void {
    for (const [id, level] of [
      ['mark-speciation', speciation],
      ['mark-collapse', collapse],
    ] as const) {
      const mark = el(id);
      const share = this.share(level);
      mark.hidden = !(share >= 0 && share <= 1);
      mark.style.setProperty('--at', String(share));
      mark.title = `σ = ${digits(level)}`;
    }
    el('mark-collapse').classList.toggle(
      'below',
      Math.abs(this.share(speciation) - this.share(collapse)) < 0.2,
    );
  }
}
