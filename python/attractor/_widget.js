// The explorer in a notebook: the page in a frame. Its state, which is what stands after # in its address, is the model's.

/** Where the page has grown to, it has no scroll bars of its own. */
const HEIGHT = 900;

function render({ model, el }) {
  const frame = document.createElement('iframe');
  frame.title = 'attractor explorer';
  frame.style.cssText = `width: 100%; height: ${HEIGHT}px; border: 0`;
  // The page needs nothing of the notebook.
  frame.setAttribute('sandbox', 'allow-scripts allow-downloads');
  frame.allow = 'clipboard-write';

  // What the page shows; null until it is there.
  let shown = null;
  const show = () => {
    const state = model.get('state');
    if (state === shown) return;
    frame.contentWindow?.postMessage({ attractor: 'show', state }, '*');
  };
  const hear = (event) => {
    if (event.source !== frame.contentWindow || event.data?.attractor !== 'shown') return;
    shown = String(event.data.state);
    if (shown === model.get('state')) return;
    model.set('state', shown);
    model.save_changes();
  };
  window.addEventListener('message', hear);
  model.on('change:state', show);
  frame.addEventListener('load', show);
  frame.srcdoc = model.get('_page');
  el.append(frame);
  return () => {
    window.removeEventListener('message', hear);
    model.off('change:state', show);
  };
}

export default { render };
