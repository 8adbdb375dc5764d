// The notebook around the page, if there is one: python/attractor/_widget.js. It says what to show, and is told what is shown.

interface Wish {
  attractor: 'show';
  state: string;
}

const isWish = (data: unknown): data is Wish =>
  typeof data === 'object' &&
  data !== null &&
  (data as Wish).attractor === 'show' &&
  typeof (data as Wish).state === 'string';

export class Host {
  /** Whether the window around this one has asked for something. Others are told nothing. */
  private asked = false;
  /** What it asked for before the page was ready. */
  private waiting: string | null = null;
  private shown = '';
  private show: ((state: string) => void) | null = null;

  constructor() {
    if (window.parent === window) return;
    window.addEventListener('message', ({ source, data }) => {
      if (source !== window.parent || !isWish(data)) return;
      this.asked = true;
      if (this.show) this.obey(data.state);
      else this.waiting = data.state;
    });
  }

  /** The page is ready, shows a state, and can show others in this way. */
  connect(show: (state: string) => void, first: string): void {
    this.show = show;
    this.shown = first;
    if (this.waiting !== null) this.obey(this.waiting);
    this.waiting = null;
  }

  private obey(state: string): void {
    if (state === this.shown) this.tell(state);
    else this.show?.(state);
  }

  /** The page shows another state. */
  tell(state: string): void {
    this.shown = state;
    if (this.asked) window.parent.postMessage({ attractor: 'shown', state }, '*');
  }
}
