// States that move as the noise level changes.
import type { Point } from './contents';
import type { Plane } from './engine';

export type Way = 'flow' | 'sde';

/** How many particles leave a trail, and over how many frames. */
const TRAILS = 12;
const TRAIL_LENGTH = 480;

export class Particles {
  cloud = new Float64Array(0);
  /** The trails of the first particles: positions one after the other. */
  trails: number[][] = [];
  private moves = 0;

  clear(): void {
    this.cloud = new Float64Array(0);
    this.trails = [];
  }

  get size(): number {
    return this.cloud.length / 2;
  }

  /** All particles in one place. */
  gather([x, y]: Point, count: number): void {
    this.cloud = new Float64Array(2 * count);
    for (let k = 0; k < count; k++) {
      this.cloud[2 * k] = x;
      this.cloud[2 * k + 1] = y;
    }
    this.beginTrails();
  }

  /** Particles y + σε from the memory: what noise has made of it at this level. */
  draw(memory: Plane, count: number, sigma: number, seed: number): void {
    this.cloud = memory.draws(count, sigma, seed) as Float64Array<ArrayBuffer>;
    this.beginTrails();
  }

  private beginTrails(): void {
    this.trails = Array.from({ length: Math.min(TRAILS, this.size) }, () => []);
    this.note();
  }

  private note(): void {
    this.trails.forEach((trail, k) => {
      if (trail.length < 2 * TRAIL_LENGTH) trail.push(this.cloud[2 * k]!, this.cloud[2 * k + 1]!);
    });
  }

  /** Takes all particles from one level to another. */
  carry(memory: Plane, from: number, to: number, way: Way, seed: number): void {
    if (this.size === 0 || from === to) return;
    this.moves += 1;
    memory.carry(this.cloud, from, to, way === 'flow', seed * 1_000_003 + this.moves);
    this.note();
  }
}
