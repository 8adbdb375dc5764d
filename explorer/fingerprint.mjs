// A number that changes when a source of the page changes. `crates/attractor-session/tests/explorer.rs` computes the same, so
// that a page that was not built again is found without Node.
import { readdirSync, readFileSync } from 'node:fs';

/** The folders and files that the page is made of, besides the core, from the root of the project. */
const SOURCES = [
  'crates/attractor-data/assets',
  'crates/attractor-explorer/Cargo.toml',
  'crates/attractor-explorer/src',
  'explorer/build',
  'explorer/build.mjs',
  'explorer/fingerprint.mjs',
  'explorer/package-lock.json',
  'explorer/src',
];

function files(path) {
  try {
    return readdirSync(path)
      .flatMap((name) => files(`${path}/${name}`))
      .sort();
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    throw error;
  }
}

/** FNV-1a of 64 bits, over the name and the bytes of each file. */
export function fingerprint(root = '..') {
  let hash = 0xcbf29ce484222325n;
  const add = (bytes) => {
    for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  };
  for (const path of SOURCES.flatMap((source) => files(`${root}/${source}`))) {
    add(Buffer.from(`${path.slice(root.length + 1)}\n`));
    add(readFileSync(path));
  }
  return hash.toString(16).padStart(16, '0');
}
