// What a press on the plane does, with pointer, finger or keys.
import { count, nearest, type Point, remove } from './contents';
import { el } from './dom';
import type { PlaneView } from './plane';

export type Tool = 'cue' | 'pattern' | 'curve' | 'gaussian' | 'erase';

/** How near a press must be to a memory to take it, in pixels. */
const NEAR = { mouse: 12, touch: 22 };
/** The smallest extent of a new shape, in pixels. */
const LEAST = 6;

export class Tools {
  tool: Tool = 'cue';
  private dragged: { memory: number } | 'cue' | null = null;
  private from: Point | null = null;
  private moved = false;

  constructor(private readonly plane: PlaneView) {
    const canvas = el<HTMLCanvasElement>('ink');
    canvas.addEventListener('pointerdown', (event) => this.press(event));
    canvas.addEventListener('pointermove', (event) => this.move(event));
    for (const end of ['pointerup', 'pointercancel'] as const) {
      canvas.addEventListener(end, (event) => this.release(event));
    }
    canvas.addEventListener('keydown', (event) => this.key(event));
    canvas.addEventListener('blur', () => {
      plane.cursor = null;
      plane.redraw();
    });
    for (const input of document.querySelectorAll<HTMLInputElement>('input[name=tool]')) {
      input.addEventListener('change', () => {
        this.tool = input.value as Tool;
      });
    }
  }

  private press(event: PointerEvent): void {
    const { plane } = this;
    event.preventDefault();
    const canvas = el('ink');
    canvas.focus({ preventScroll: true });
    plane.cursor = null;
    canvas.setPointerCapture(event.pointerId);
    const place = plane.stage.under(event);
    this.from = place;
    this.moved = false;
    const reach = (event.pointerType === 'touch' ? NEAR.touch : NEAR.mouse) * plane.stage.unit;
    const { cue, contents } = plane.view;
    if (this.tool === 'erase') {
      const found = nearest(contents, place);
      if (found.distance < 2 * reach) this.erase(found.memory);
      return;
    }
    if (this.tool === 'curve') {
      plane.draft = [place];
      return;
    }
    if (this.tool === 'cue' || this.tool === 'pattern') {
      const found = nearest(contents, place);
      const atCue = cue && Math.hypot(cue[0] - place[0], cue[1] - place[1]) < reach;
      if (atCue && this.tool === 'cue') this.dragged = 'cue';
      else if (found.distance < reach) {
        this.dragged = { memory: found.memory };
        plane.chosen = found.memory;
        plane.redraw();
      } else if (this.tool === 'cue') {
        this.dragged = 'cue';
        plane.setCue(place);
      } else {
        contents.points.push(place);
        this.dragged = { memory: contents.points.length - 1 };
        plane.chosen = contents.points.length - 1;
        this.changed();
      }
    }
  }

  private move(event: PointerEvent): void {
    const { plane } = this;
    if (!this.from) return;
    const place = plane.stage.under(event);
    // A hand trembles: a press that stays within a few pixels moves nothing.
    const way = Math.hypot(place[0] - this.from[0], place[1] - this.from[1]);
    if (!this.moved && way < 3 * plane.stage.unit) return;
    this.moved = true;
    if (this.dragged === 'cue') plane.setCue(place);
    else if (this.dragged) this.shift(this.dragged.memory, place[0] - this.from[0], place[1] - this.from[1]);
    else if (plane.draft.length > 0) {
      const last = plane.draft[plane.draft.length - 1]!;
      if (Math.hypot(place[0] - last[0], place[1] - last[1]) > 3 * plane.stage.unit) plane.draft.push(place);
      plane.redraw();
    }
    if (this.dragged) this.from = place;
  }

  private release(event: PointerEvent): void {
    const { plane, from } = this;
    const place = plane.stage.under(event);
    this.from = null;
    if (this.dragged) {
      // A press on a memory that does not move it puts the cue there.
      if (this.tool === 'cue' && !this.moved) plane.setCue(place);
      this.dragged = null;
      plane.onChange();
      return;
    }
    const { contents } = plane.view;
    if (this.tool === 'curve' && plane.draft.length > 0) {
      if (plane.draft.length > 2) contents.curves.push(thin(plane.draft, 2 * plane.stage.unit));
      plane.draft = [];
      this.changed();
    } else if (this.tool === 'gaussian' && from) {
      this.addGaussian(from, place);
    }
  }

  /** A Gaussian about `from`, whose standard deviation along the drag is its length. A mere press has a usual size. */
  private addGaussian(from: Point, to: Point): void {
    const { plane } = this;
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    const usual = 0.2 * plane.stage.frame.half;
    const along = length < LEAST * plane.stage.unit ? usual : length;
    const angle = length < LEAST * plane.stage.unit ? 0 : Math.atan2(to[1] - from[1], to[0] - from[0]);
    plane.view.contents.gaussians.push({ mean: from, deviations: [along, along / 2], angle });
    this.changed();
  }

  private shift(memory: number, dx: number, dy: number): void {
    const { contents } = this.plane.view;
    const by = ([x, y]: Point): Point => [x + dx, y + dy];
    const { points, curves, gaussians } = contents;
    if (memory < points.length) points[memory] = by(points[memory]!);
    else if (memory < points.length + curves.length) {
      const k = memory - points.length;
      curves[k] = curves[k]!.map(by);
    } else {
      const gaussian = gaussians[memory - points.length - curves.length]!;
      gaussian.mean = by(gaussian.mean);
    }
    this.changed();
  }

  private erase(memory: number): void {
    const { contents } = this.plane.view;
    if (memory >= 0 && count(contents) < 2) {
      el('duplicate-read').textContent = 'The last memory stays: a plane needs one.';
    }
    if (memory < 0 || count(contents) < 2) return;
    remove(contents, memory);
    this.plane.chosen = -1;
    this.changed();
  }

  /** The contents are the reader's own from now on. */
  private changed(): void {
    const { plane } = this;
    plane.view.preset = 'own';
    plane.rebuild();
    plane.onChange();
  }

  /** Stores the point nearest to the cue once more, and returns how often it is stored; 0 if there is no point. */
  duplicate(): number {
    const { contents, cue } = this.plane.view;
    const only = { ...contents, curves: [], gaussians: [] };
    const { memory } = nearest(only, cue ?? [0, 0]);
    const point = contents.points[memory];
    if (!point) return 0;
    contents.points.push([...point]);
    this.changed();
    return contents.points.filter(([x, y]) => x === point[0] && y === point[1]).length;
  }

  private key(event: KeyboardEvent): void {
    const { plane } = this;
    const step = (event.shiftKey ? 0.2 : 0.04) * plane.stage.frame.half;
    const moves: Record<string, Point> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, step],
      ArrowDown: [0, -step],
    };
    const move = moves[event.key];
    const { centre, half } = plane.stage.frame;
    const at: Point = plane.cursor ?? plane.view.cue ?? centre;
    if (move) {
      const within = (value: number, middle: number) =>
        Math.min(middle + half, Math.max(middle - half, value));
      plane.cursor = [within(at[0] + move[0], centre[0]), within(at[1] + move[1], centre[1])];
      plane.redraw();
    } else if (event.key === 'Enter' || event.key === ' ') {
      if (this.tool === 'cue') plane.setCue(at);
      else if (this.tool === 'gaussian') this.addGaussian(at, at);
      else if (this.tool === 'erase') this.erase(nearest(plane.view.contents, at).memory);
      else if (this.tool === 'pattern') {
        plane.view.contents.points.push(at);
        this.changed();
      } else this.corner(at);
      plane.onChange();
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      this.erase(nearest(plane.view.contents, at).memory);
    } else if (event.key === 'Escape') {
      plane.cursor = null;
      plane.draft = [];
      plane.redraw();
    } else return;
    event.preventDefault();
  }

  /** With keys, a curve is drawn corner by corner; the same place twice ends it. */
  private corner(at: Point): void {
    const { plane } = this;
    const last = plane.draft[plane.draft.length - 1];
    if (last && last[0] === at[0] && last[1] === at[1]) {
      if (plane.draft.length > 1) plane.view.contents.curves.push(plane.draft);
      plane.draft = [];
      this.changed();
    } else {
      plane.draft = [...plane.draft, at];
      plane.redraw();
    }
  }
}

/** A line without corners that are nearer to the last one than this. The ends stay. */
function thin(line: Point[], distance: number): Point[] {
  const kept = [line[0]!];
  for (const point of line.slice(1, -1)) {
    const last = kept[kept.length - 1]!;
    if (Math.hypot(point[0] - last[0], point[1] - last[1]) > distance) kept.push(point);
  }
  kept.push(line[line.length - 1]!);
  return kept;
}
