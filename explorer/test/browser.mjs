// A browser for the tests: Debian's Chromium, without graphics hardware, and a page opened from the disk.
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** The page that is tested. */
export const PAGE = process.env.EXPLORER ?? fileURLToPath(new URL('../dist/explorer.html', import.meta.url));
/** Where screenshots are kept. */
export const SHOTS = fileURLToPath(new URL('../dist/screenshots/', import.meta.url));

/** The native program, which recalls what the page recalls. */
export const NATIVE =
  process.env.ATTRACTOR ??
  ['debug', 'release']
    .map((profile) => fileURLToPath(new URL(`../../target/${profile}/attractor`, import.meta.url)))
    .find(existsSync);

export async function launch() {
  if (!existsSync(EXECUTABLE)) throw new Error(`no browser at ${EXECUTABLE}; set CHROMIUM`);
  mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--enable-precise-memory-info',
      '--js-flags=--expose-gc',
    ],
  });
}

/** Opens the page at an address. `faults` collects errors of scripts, and `requests` what it asks for besides itself. */
export async function open(browser, hash = '', options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  const requests = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!/^(file|data|blob):/.test(request.url())) requests.push(request.url());
  });
  await page.goto(`file://${options.page ?? PAGE}${hash ? `#${hash}` : ''}`);
  await page.waitForFunction(() => document.documentElement.dataset.ready === 'yes', null, {
    timeout: 30_000,
  });
  if (!(await page.isVisible('#images-view'))) await settled(page);
  return { page, context, faults, requests };
}

/** Waits until what is computed at rest is on the page. */
export async function settled(page) {
  // A press is drawn in the next frame.
  await page.waitForTimeout(60);
  await page.waitForFunction(
    () =>
      document.documentElement.dataset.settled !== undefined &&
      document.documentElement.dataset.moving !== 'yes',
    null,
    { timeout: 60_000 },
  );
  await page.waitForTimeout(350);
}

/** The posterior, or the shares of particles, of each memory as the page says them. */
export const column = (page, which) =>
  page.$$eval(
    '#posterior li:not(.heading)',
    (rows, at) => rows.map((row) => Number(row.querySelectorAll('.number')[at]?.textContent ?? Number.NaN)),
    which,
  );

export async function turn(page, sigma) {
  await page.$eval(
    '#sigma',
    (slider, level) => {
      const [low, high] = [0.02, 2.5];
      slider.value = String(Math.round((1000 * Math.log(high / level)) / Math.log(high / low)));
      slider.dispatchEvent(new Event('input', { bubbles: true }));
    },
    sigma,
  );
  await settled(page);
}
