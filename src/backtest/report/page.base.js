// Runs in the browser, first: small things that charts and words share.
globalThis.pageBase = (() => {
  const byId = (id) => document.getElementById(id);
  const color = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
  const percent = (share, digits = 1) =>
    isNumber(share) ? `${(100 * share).toFixed(digits)} %` : '–';
  const signed = (share) =>
    isNumber(share) ? `${share >= 0 ? '+' : '−'}${percent(Math.abs(share))}` : '–';
  const compact = (value) => {
    if (!isNumber(value)) return '–';
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(2);
    return String(Number(value.toPrecision(4)));
  };
  const stamp = (s) =>
    new Date(1000 * s)
      .toISOString()
      .replace('T', ' ')
      .replace(/(:00)?\.000Z$/, '');

  function element(tag, text, className) {
    const node = document.createElement(tag);
    node.textContent = text;
    if (className) node.className = className;
    return node;
  }

  /** Coverage that the widest interval was promised to have. */
  const promised = (series) => series.overall.intervals[0]?.nominal ?? Number.NaN;

  return { byId, color, compact, element, isNumber, percent, promised, signed, stamp };
})();
