// What can be taken away: the picture, the memory, and the command that draws the same.

import { landscape_options } from './engine';
import { gridOf } from './frame';
import { npy } from './npy';
import { css, memoryColour } from './palette';
import type { PlaneView } from './plane';
import { TRAIL } from './stage';
import { contours, heights } from './surface';

/** The commands that draw this landscape and recall the cue, from the saved memory. Energies of other models than diffusion are those
 * of the points. */
export function command(plane: PlaneView): string {
  const { cue, sigma, way, landscape } = plane.view;
  const level = Number(sigma.toPrecision(4));
  const model = landscape_options(landscape, level);
  const lines = [
    model
      ? `attractor landscape --memory points.npy ${model} --out landscape.svg`
      : `attractor landscape --memory plane.toml --sigma ${level} --out landscape.svg`,
  ];
  if (cue) {
    const sampler = way === 'sde' ? ' --sampler ancestral' : '';
    const repeat = way === 'sde' ? ` --repeat ${plane.view.particles}` : '';
    const seed = plane.view.seed ? ` --seed ${plane.view.seed}` : '';
    lines.push(
      `printf '${cue.map((value) => Number(value.toFixed(4))).join(',')}\\n' > cue.csv`,
      `attractor recall --memory plane.toml --cues cue.csv --header no --label-column none --sigma ${level}${sampler}${repeat}${seed}`,
    );
  }
  return lines.join('\n');
}

/** The points as the model of this landscape stores them: as signs for the classical network. */
export function points(plane: PlaneView): Blob {
  const { contents, landscape } = plane.view;
  const values = Float64Array.from(contents.points.flat());
  const stored = landscape === 'hopfield' ? values.map((value) => (value < 0 ? -1 : 1)) : values;
  return npy(stored, [contents.points.length, 2]);
}

/** The plane as SVG: the surface as one picture, and everything else as lines. */
export function vector(plane: PlaneView): string {
  const { stage, view, memory } = plane;
  const size = 600;
  const ink = stage.colours;
  const half = stage.frame.half;
  const at = (x: number, y: number) => {
    const [centreX, centreY] = stage.frame.centre;
    return [
      (((x - centreX) / (2 * half) + 0.5) * size).toFixed(1),
      ((0.5 - (y - centreY) / (2 * half)) * size).toFixed(1),
    ];
  };
  const parts: string[] = [];
  const side = 128;
  const { corner, step, size: cells } = gridOf(stage.frame, side);
  const values = memory.energies(view.landscape, view.sigma, corner, step, cells);
  if (view.shown.surface || view.shown.basins) {
    parts.push(
      `<image width="${size}" height="${size}" preserveAspectRatio="none" href="${stage.surfaceUrl()}"/>`,
    );
  }
  if (view.shown.contours) {
    const lines = contours(heights({ side, values }), side);
    let path = '';
    for (let k = 0; k < lines.length; k += 4) {
      const [a, b, c, d] = lines.slice(k, k + 4).map((value) => (value * size).toFixed(1));
      path += `M${a} ${b}L${c} ${d}`;
    }
    parts.push(`<path d="${path}" fill="none" stroke="${ink.contour}"/>`);
  }
  if (view.shown.trails) {
    for (const trail of plane.particles.trails) {
      const points: string[] = [];
      for (let k = 0; k < trail.length; k += 2) points.push(at(trail[k]!, trail[k + 1]!).join(','));
      parts.push(
        `<polyline points="${points.join(' ')}" fill="none" stroke="${ink.trail}" stroke-opacity="${TRAIL}"/>`,
      );
    }
  }
  const { points, curves, gaussians } = view.contents;
  curves.forEach((curve, k) => {
    const line = curve.map(([x, y]) => at(x, y).join(',')).join(' ');
    parts.push(
      `<polyline points="${line}" fill="none" stroke="${css(memoryColour(points.length + k))}" stroke-width="3"/>`,
    );
  });
  gaussians.forEach(({ mean, deviations, angle }, k) => {
    const [x, y] = at(...mean);
    const [a, b] = deviations.map((deviation) => ((deviation / (2 * half)) * size).toFixed(1));
    const colour = css(memoryColour(points.length + curves.length + k));
    const turn = ((-angle * 180) / Math.PI).toFixed(2);
    parts.push(
      `<ellipse cx="${x}" cy="${y}" rx="${a}" ry="${b}" transform="rotate(${turn} ${x} ${y})" fill="none" stroke="${colour}" stroke-width="3"/>`,
    );
  });
  points.forEach(([x, y], n) => {
    const [a, b] = at(x, y);
    parts.push(
      `<circle cx="${a}" cy="${b}" r="6" fill="${ink.pattern}" stroke="${css(memoryColour(n))}" stroke-width="2.5"/>`,
    );
  });
  for (let k = 0; k < plane.particles.cloud.length; k += 2) {
    const [a, b] = at(plane.particles.cloud[k]!, plane.particles.cloud[k + 1]!);
    parts.push(`<circle cx="${a}" cy="${b}" r="1.3" fill="${ink.particle}"/>`);
  }
  if (view.cue) {
    const [a, b] = at(...view.cue);
    parts.push(`<path d="M${a} ${b}m0 -8l8 8l-8 8l-8 -8z" fill="${ink.cue}" stroke="${ink.pattern}"/>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" width="${size}" height="${size}">\n${parts.join('\n')}\n</svg>\n`;
}
