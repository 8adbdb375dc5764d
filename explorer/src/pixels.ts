// Small images on canvases: values become grey levels, units that are not known become stripes.
export interface Shape {
  height: number;
  width: number;
  /** The values of black and of white. */
  range: [number, number];
}

/** Draws an image to fill a canvas. */
export function paint(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  { height, width, range: [low, high] }: Shape,
  known: Uint8Array | null = null,
): void {
  const context = canvas.getContext('2d')!;
  const size = Math.max(1, Math.floor(canvas.width / width));
  canvas.width = size * width;
  canvas.height = size * height;
  for (let k = 0; k < width * height; k++) {
    const grey = Math.round(255 * Math.min(1, Math.max(0, (values[k]! - low) / (high - low))));
    const [x, y] = [(k % width) * size, Math.floor(k / width) * size];
    context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
    context.fillRect(x, y, size, size);
    if (known && known[k] === 0) {
      context.fillStyle = '#b8a060';
      context.fillRect(x, y, size, size);
      context.strokeStyle = '#5a4c20';
      context.lineWidth = Math.max(1, size / 8);
      context.beginPath();
      context.moveTo(x, y + size);
      context.lineTo(x + size, y);
      context.stroke();
    }
  }
}

/** A canvas with an image, for a list of them. */
export function picture(
  values: ArrayLike<number>,
  shape: Shape,
  size: number,
  text: string,
): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = size * 2;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', text);
  paint(canvas, values, shape);
  canvas.style.width = `${size}px`;
  canvas.style.height = `${(size * shape.height) / shape.width}px`;
  return canvas;
}

/** The picture of couplings: blue below 0, orange above, white at 0. No unit is coupled with itself. */
export function paintCouplings(canvas: HTMLCanvasElement, values: Float64Array, side: number): void {
  canvas.width = side;
  canvas.height = side;
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(side, side);
  let most = 1e-12;
  const own = (k: number) => k % (side + 1) === 0;
  values.forEach((value, k) => {
    if (!own(k)) most = Math.max(most, Math.abs(value));
  });
  values.forEach((coupling, k) => {
    const value = own(k) ? 0 : coupling;
    const share = Math.min(1, Math.abs(value) / most);
    const [r, g, b] = value < 0 ? [0, 90, 160] : [213, 94, 0];
    for (const [c, end] of [r, g, b].entries()) image.data[4 * k + c] = 255 + share * (end! - 255);
    image.data[4 * k + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}
