// The crate `attractor`, compiled to WebAssembly and inlined in this page.
import init, {
  clock,
  flipped,
  Images,
  landscape_options,
  noisy,
  Plane,
  random_words,
} from '../generated/attractor_explorer.js';
import packed from '../generated/explorer.wasm.gz';

export { clock, flipped, Images, landscape_options, noisy, Plane, random_words };

/** Unpacks gzip. */
export async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

let memory: WebAssembly.Memory | null = null;

/** Makes the functions of the crate ready. */
export async function start(): Promise<void> {
  memory = (await init({ module_or_path: await gunzip(packed) })).memory;
}

/** The bytes that WebAssembly has taken so far. */
export const bytesTaken = (): number => memory?.buffer.byteLength ?? 0;
