// What is drawn on the plane: on the lower canvas the surface, on the upper one what moves.
import { type Contents, groups, type Point } from './contents';
import { el } from './dom';
import { type Frame, toCanvas, toPlane, USUAL } from './frame';
import { css, INKS, type Ink, memoryColour, scale, type Theme } from './palette';
import { basinPicture, contours, type Field, heights, shade } from './surface';

/** How much of what is behind them trails hide. */
export const TRAIL = 0.38;

export interface Arrows {
  side: number;
  pull: Float64Array | null;
  hopfield: Float64Array | null;
}

/** A picture that is kept while what it shows stays the same. */
interface Layer {
  context: CanvasRenderingContext2D;
  /** What it shows. */
  key: string;
}

const layer = (): Layer => ({ context: document.createElement('canvas').getContext('2d')!, key: '' });

export class Stage {
  readonly box = el('stage');
  private readonly lower = el<HTMLCanvasElement>('surface').getContext('2d', { alpha: false })!;
  private readonly upper = el<HTMLCanvasElement>('ink').getContext('2d')!;
  private readonly small = document.createElement('canvas').getContext('2d')!;
  frame: Frame = USUAL;
  /** The size on the page, in CSS pixels. */
  size = 600;
  private ink: Ink = INKS.light;
  private table = scale('light');
  private theme: Theme = 'light';
  private readonly trailLayer = layer();
  private readonly memoryLayer = layer();
  /** The trails on their layer, and how many numbers of each. */
  private trailed: { trails: number[][]; length: number } = { trails: [], length: 0 };

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.ink = INKS[theme];
    this.table = scale(theme);
  }

  /** Fits the canvases to the page. Returns whether the size changed. */
  fit(): boolean {
    const size = Math.max(200, Math.round(this.box.clientWidth));
    const ratio = Math.min(2, devicePixelRatio || 1);
    const pixels = Math.round(size * ratio);
    const changed = this.upper.canvas.width !== pixels;
    if (changed) {
      for (const context of [this.lower, this.upper]) {
        context.canvas.width = pixels;
        context.canvas.height = pixels;
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
      }
    }
    this.size = size;
    return changed;
  }

  place(x: number, y: number): Point {
    return toCanvas(this.frame, this.size, x, y);
  }

  /** The state under the pointer. */
  under(event: PointerEvent): Point {
    const box = this.upper.canvas.getBoundingClientRect();
    return toPlane(this.frame, box.width, event.clientX - box.left, event.clientY - box.top);
  }

  /** The size of a canvas pixel in the plane. */
  get unit(): number {
    return (2 * this.frame.half) / this.size;
  }

  surface(field: Field, withLines: boolean): void {
    const high = heights(field);
    this.enlarge(shade(high, field.side, this.table), true);
    if (withLines) this.lines(contours(high, field.side));
  }

  basins(memories: Uint32Array, side: number, field: Field | null): void {
    this.enlarge(basinPicture(memories, side, this.table), false);
    if (field) this.lines(contours(heights(field), field.side));
  }

  private enlarge(picture: ImageData, smooth: boolean): void {
    if (this.small.canvas.width !== picture.width) {
      this.small.canvas.width = picture.width;
      this.small.canvas.height = picture.height;
    }
    this.small.putImageData(picture, 0, 0);
    this.lower.imageSmoothingEnabled = smooth;
    // The values of a smooth picture are at its corners, those of basins in the middle of cells.
    const cut = smooth ? 0.5 : 0;
    const side = picture.width - 2 * cut;
    this.lower.drawImage(this.small.canvas, cut, cut, side, side, 0, 0, this.size, this.size);
  }

  private lines(lines: number[]): void {
    const context = this.lower;
    context.strokeStyle = this.ink.contour;
    context.lineWidth = 1;
    context.beginPath();
    for (let k = 0; k < lines.length; k += 4) {
      context.moveTo(lines[k]! * this.size, lines[k + 1]! * this.size);
      context.lineTo(lines[k + 2]! * this.size, lines[k + 3]! * this.size);
    }
    context.stroke();
  }

  blank(): void {
    this.lower.fillStyle = css([this.table[765]!, this.table[766]!, this.table[767]!]);
    this.lower.fillRect(0, 0, this.size, this.size);
  }

  clear(): void {
    this.upper.clearRect(0, 0, this.size, this.size);
  }

  /** Arrows of both pulls. That of Hopfield is thinner and lies on top, so that both are seen where they coincide. */
  arrows({ side, pull, hopfield }: Arrows): void {
    const cell = this.size / side;
    const longest = Math.max(pull ? reach(pull) : 0, hopfield ? reach(hopfield) : 0);
    const factor = longest > 0 ? (0.85 * cell) / longest : 0;
    if (pull) this.arrow(pull, side, factor, this.ink.pull, hopfield ? 4 : 1.5);
    if (hopfield) this.arrow(hopfield, side, factor, this.ink.hopfield, 1.4);
  }

  private arrow(pull: Float64Array, side: number, factor: number, colour: string, width: number): void {
    const context = this.upper;
    const cell = this.size / side;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.lineCap = 'round';
    context.beginPath();
    for (let k = 0; k < side * side; k++) {
      const dx = pull[2 * k]! * factor;
      const dy = -pull[2 * k + 1]! * factor;
      const length = Math.hypot(dx, dy);
      if (length < 1) continue;
      const x = ((k % side) + 0.5) * cell;
      const y = (Math.floor(k / side) + 0.5) * cell;
      context.moveTo(x, y);
      context.lineTo(x + dx, y + dy);
      const head = Math.min(5, 0.4 * length) / length;
      context.lineTo(x + dx - head * (dx + 0.6 * dy), y + dy - head * (dy - 0.6 * dx));
      context.moveTo(x + dx, y + dy);
      context.lineTo(x + dx - head * (dx - 0.6 * dy), y + dy - head * (dy + 0.6 * dx));
    }
    context.stroke();
  }

  /** Makes a layer as large as the canvas and empties it, unless it shows this already. Returns whether it is empty now. */
  private renew(layer: Layer, of: string): boolean {
    const { width } = this.upper.canvas;
    const { centre, half } = this.frame;
    const key = [of, this.theme, width, this.size, centre, half].join();
    if (layer.key === key) return false;
    layer.key = key;
    const ratio = width / this.size;
    layer.context.canvas.width = width;
    layer.context.canvas.height = width;
    layer.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return true;
  }

  private lay(layer: Layer, alpha = 1): void {
    this.upper.globalAlpha = alpha;
    this.upper.drawImage(layer.context.canvas, 0, 0, this.size, this.size);
    this.upper.globalAlpha = 1;
  }

  /** Trails grow at their ends, so only what is new is drawn. */
  trails(trails: number[][]): void {
    const length = trails[0]?.length ?? 0;
    if (length < 4) return;
    const fresh = this.trailed.trails !== trails;
    if (this.renew(this.trailLayer, 'trails') || fresh) {
      this.trailed = { trails, length: 2 };
      this.trailLayer.context.clearRect(0, 0, this.size, this.size);
    }
    const { context } = this.trailLayer;
    context.strokeStyle = this.ink.trail;
    context.lineWidth = 1;
    context.beginPath();
    for (const trail of trails) {
      for (let k = this.trailed.length - 2; k < length; k += 2) {
        const [x, y] = this.place(trail[k]!, trail[k + 1]!);
        if (k === this.trailed.length - 2) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
    }
    if (length > this.trailed.length) context.stroke();
    this.trailed.length = length;
    this.lay(this.trailLayer, TRAIL);
  }

  /** A line that is being drawn. */
  line(points: Point[]): void {
    const context = this.upper;
    context.strokeStyle = this.ink.trail;
    context.lineWidth = 1.5;
    context.beginPath();
    for (const point of points) context.lineTo(...this.place(...point));
    context.stroke();
  }

  particles(cloud: Float64Array): void {
    const context = this.upper;
    const [many, half] = cloud.length > 1600 ? [2, 1] : [3, 1.5];
    const factor = this.size / (2 * this.frame.half);
    const [left, top] = this.place(0, 0);
    context.fillStyle = this.ink.particle;
    for (let k = 0; k < cloud.length; k += 2) {
      context.fillRect(left + cloud[k]! * factor - half, top - cloud[k + 1]! * factor - half, many, many);
    }
  }

  minima(minima: Float64Array): void {
    const context = this.upper;
    context.strokeStyle = this.ink.edge;
    context.lineWidth = 1.5;
    context.beginPath();
    for (let k = 0; k < minima.length; k += 2) {
      const [x, y] = this.place(minima[k]!, minima[k + 1]!);
      context.moveTo(x + 11, y);
      context.arc(x, y, 11, 0, 7);
    }
    context.setLineDash([3, 3]);
    context.stroke();
    context.setLineDash([]);
  }

  /** All memories. They are drawn anew for another version of the contents. */
  memories(contents: Contents, chosen: number, version: number): void {
    if (this.renew(this.memoryLayer, `${version} ${chosen}`)) this.drawMemories(contents, chosen);
    this.lay(this.memoryLayer);
  }

  private drawMemories(contents: Contents, chosen: number): void {
    const { context } = this.memoryLayer;
    const colour = (n: number) => css(memoryColour(n));
    contents.curves.forEach((curve, k) => {
      const path = new Path2D();
      for (const [x, y] of curve) path.lineTo(...this.place(x, y));
      context.lineJoin = 'round';
      this.outlined(path, colour(contents.points.length + k), contents.points.length + k === chosen);
    });
    contents.gaussians.forEach(({ mean, deviations, angle }, k) => {
      const n = contents.points.length + contents.curves.length + k;
      const [x, y] = this.place(...mean);
      const factor = 1 / this.unit;
      const path = new Path2D();
      path.ellipse(x, y, deviations[0] * factor, deviations[1] * factor, -angle, 0, 7);
      this.outlined(path, colour(n), n === chosen);
    });
    const numbered = contents.points.length <= 24;
    const radius = numbered ? 8 : 3.5;
    context.font = '600 10px system-ui, sans-serif';
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    const together = groups(contents);
    const first = new Set(together.map((group) => group[0]!));
    contents.points.forEach((point, n) => {
      if (!first.has(n)) return;
      const [x, y] = this.place(...point);
      context.beginPath();
      context.arc(x, y, radius, 0, 7);
      context.fillStyle = numbered ? this.ink.pattern : colour(n);
      context.fill();
      context.lineWidth = n === chosen ? 4 : numbered ? 2.5 : 1;
      context.strokeStyle = numbered ? colour(n) : this.ink.edge;
      context.stroke();
      if (numbered) {
        context.fillStyle = this.ink.edge;
        context.fillText(String(n + 1), x, y + 0.5);
      }
    });
    for (const group of together) {
      const point = contents.points[group[0]!];
      if (!point || group.length < 2) continue;
      const [x, y] = this.place(...point);
      context.fillStyle = this.ink.edge;
      context.strokeStyle = this.ink.pattern;
      context.lineWidth = 3;
      context.font = '700 13px system-ui, sans-serif';
      context.lineJoin = 'round';
      context.strokeText(`×${group.length}`, x + 21, y - 9);
      context.fillText(`×${group.length}`, x + 21, y - 9);
    }
  }

  private outlined(path: Path2D, colour: string, chosen: boolean): void {
    const { context } = this.memoryLayer;
    context.strokeStyle = this.ink.edge;
    context.lineWidth = chosen ? 7 : 5;
    context.stroke(path);
    context.strokeStyle = colour;
    context.lineWidth = 3;
    context.stroke(path);
  }

  cue([x, y]: Point): void {
    const context = this.upper;
    const [a, b] = this.place(x, y);
    context.fillStyle = this.ink.cue;
    context.strokeStyle = this.ink.pattern;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(a, b - 8);
    context.lineTo(a + 8, b);
    context.lineTo(a, b + 8);
    context.lineTo(a - 8, b);
    context.closePath();
    context.fill();
    context.stroke();
  }

  cursor([x, y]: Point): void {
    const context = this.upper;
    const [a, b] = this.place(x, y);
    context.strokeStyle = this.ink.cursor;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(a - 12, b);
    context.lineTo(a + 12, b);
    context.moveTo(a, b - 12);
    context.lineTo(a, b + 12);
    context.stroke();
  }

  /** Both canvases as one picture. */
  async picture(): Promise<Blob> {
    const canvas = document.createElement('canvas');
    canvas.width = this.upper.canvas.width;
    canvas.height = this.upper.canvas.height;
    const context = canvas.getContext('2d')!;
    context.drawImage(this.lower.canvas, 0, 0);
    context.drawImage(this.upper.canvas, 0, 0);
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png');
    });
  }

  /** The picture of the surface alone, in few cells, as a data URL for a vector picture. */
  surfaceUrl(): string {
    return this.small.canvas.toDataURL('image/png');
  }

  get colours(): Ink {
    return this.ink;
  }
}

function reach(pull: Float64Array): number {
  let longest = 0;
  for (let k = 0; k < pull.length; k += 2) longest = Math.max(longest, Math.hypot(pull[k]!, pull[k + 1]!));
  return longest;
}
