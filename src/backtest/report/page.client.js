// Runs in the browser, last: shows what the selectors choose.
(() => {
  const { byId } = globalThis.pageBase;
  const { drawAll, resize } = globalThis.pageCharts;
  const { files } = JSON.parse(byId('data').textContent);
  const chosen = { file: 0, series: 0, lead: 0 };

  function options(id, names, index, onChange) {
    const select = byId(id);
    select.replaceChildren(
      ...names.map((name, i) => new Option(name, String(i), false, i === index)),
    );
    select.onchange = () => onChange(Number(select.value));
  }

  function show() {
    const file = files[chosen.file];
    const series = file.series[chosen.series];
    const names = [
      files.map((f) => f.file.split('/').slice(-2).join('/')),
      file.series.map((s) => s.series),
      file.leads.map(String),
    ];
    byId('file-choice').hidden = files.length < 2;
    options('choose-file', names[0], chosen.file, (i) => choose({ file: i, series: 0, lead: 0 }));
    options('choose-series', names[1], chosen.series, (i) => choose({ series: i }));
    options('choose-lead', names[2], chosen.lead, (i) => choose({ lead: i }));
    if (!series) {
      byId('about').textContent =
        'There is nothing to draw here; series of symbols are in the printed tables.';
      return;
    }
    globalThis.pageWords.showAll(file, chosen, (i) => choose({ series: i }));
    drawAll(series, chosen.lead);
  }

  function choose(change) {
    Object.assign(chosen, change);
    show();
  }

  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    resize();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  show();
})();
