// Joins the parts of the page: style, script, WebAssembly. Called by `build`.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { fingerprint } from './fingerprint.mjs';

const COMMITTED = '../crates/attractor-session/assets/explorer.html';

// The level is named, and the head of a gzip file from Node has no time in it: the same bytes each time.
writeFileSync(
  'generated/explorer.wasm.gz',
  gzipSync(readFileSync('generated/attractor_explorer_bg.wasm'), { level: 9 }),
);

const bundled = await build({
  entryPoints: ['src/main.ts'],
  bundle: true,
  minify: true,
  write: false,
  outdir: 'dist',
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  loader: { '.gz': 'binary' },
  define: { 'import.meta.url': '""' },
  logLevel: 'warning',
});
const template = readFileSync('src/index.html', 'utf8');
const text = (ending) => bundled.outputFiles.find(({ path }) => path.endsWith(ending)).text.trim();
const compiler = execFileSync('rustc', ['--version'], { encoding: 'utf8' }).trim();
const fill = {
  sources: fingerprint(),
  compiler,
  style: text('.css'),
  // A script ends at the first of these marks, wherever it stands.
  script: text('.js').replaceAll('</script', '<\\/script'),
};
// A place that a formatter has changed would leave the page without its script.
if (Object.keys(fill).some((name) => !template.includes(`{{${name}}}`)))
  throw new Error('index.html lacks a place');
const page = template.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => fill[name]);
mkdirSync('dist', { recursive: true });
writeFileSync('dist/explorer.html', page);
console.log(`explorer/dist/explorer.html: ${(statSync('dist/explorer.html').size / 1e6).toFixed(2)} MB`);
if (process.argv.includes('--commit')) {
  mkdirSync('../crates/attractor-session/assets', { recursive: true });
  copyFileSync('dist/explorer.html', COMMITTED);
}
