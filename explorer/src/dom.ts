/** The element with this id, which the page has. */
export function el<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found as T;
}

/** Puts a text into the element with this id. A text that is there already is left alone, so that nothing is laid out anew. */
export function tell(id: string, text: string): void {
  const element = el(id);
  if (element.textContent !== text) element.textContent = text;
}

/** Shows commands. A line is only broken between words, not within an option. */
export function showCommand(id: string, text: string): void {
  const parts = text.split(/( |\n)/).map((part) => (part.trim() ? made('span', part) : part));
  if (el(id).textContent !== text) el(id).replaceChildren(...parts);
}

/** A new element with text. Text is never read as markup. */
export function made<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text = '',
  name = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.textContent = text;
  if (name) element.className = name;
  return element;
}

/** A number in a few digits. */
export function digits(value: number, count = 3): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(count - 1).replace('-', '−');
  return Number(value.toPrecision(count)).toString().replace('-', '−');
}

export const reducedMotion = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Offers a file to save. */
export function save(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
