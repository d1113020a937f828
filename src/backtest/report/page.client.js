// Runs in the browser, after uPlot and the data: draws what the selectors choose.
(() => {
  const { files } = JSON.parse(document.getElementById('data').textContent);
  const chosen = { file: 0, series: 0, lead: 0 };
  let charts = [];
  /** More steps at once are a jumble; the rest is a double-click away. */
  const TAIL_SHOWN = 320;

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

  // ---- charts ----

  const axis = (extra = {}) => ({
    stroke: color('soft'),
    grid: { stroke: color('grid'), width: 1 },
    ticks: { stroke: color('grid'), width: 1 },
    font: '12px system-ui, sans-serif',
    ...extra,
  });

  const DAY = 86_400;
  // As uPlot wants them: from this distance of ticks on, so; and so where year, month or day turn.
  const dates = [
    [365 * DAY, '{YYYY}', ...Array(6).fill(null), 1],
    [28 * DAY, '{MMM}', '\n{YYYY}', ...Array(5).fill(null), 1],
    [DAY, '{D} {MMM}', '\n{YYYY}', ...Array(5).fill(null), 1],
    [60, '{HH}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', ...Array(3).fill(null), 1],
    [1, '{HH}:{mm}:{ss}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', ...Array(3).fill(null), 1],
    [
      0.001,
      ':{ss}.{fff}',
      '\n{D} {MMM} {HH}:{mm}',
      null,
      '\n{D} {MMM} {HH}:{mm}',
      null,
      '\n{HH}:{mm}',
      null,
      1,
    ],
  ];
  const timeAxis = () => axis({ values: dates });

  const valueAxis = (extra = {}) =>
    axis({
      size: 64,
      values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : compact(tick))),
      ...extra,
    });

  function draw(id, height, data, options) {
    const host = byId(id);
    if (data[0].length === 0) {
      host.append(element('div', options.none ?? 'Nothing to draw.', 'none'));
      return;
    }
    const chart = new uPlot(
      {
        width: host.clientWidth,
        height,
        tzDate: (s) => uPlot.tzDate(new Date(1000 * s), 'Etc/UTC'),
        cursor: { points: { size: 6 } },
        legend: { live: true },
        ...options,
      },
      data,
      host,
    );
    charts.push({ chart, host, height });
  }

  const timeSeries = { label: 'time', value: (_, s) => (s === null ? '–' : stamp(s)) };
  const line = (label, name, extra = {}) => ({
    label,
    stroke: color(name),
    width: 1.5,
    points: { show: false },
    value: (_, v) => compact(v),
    ...extra,
  });

  function drawTail(file, { view }) {
    const { tail, next } = view;
    const forecasts = tail.forecasts[chosen.lead];
    const nothing = next.time.map(() => null);
    const data = [
      [...tail.time, ...next.time],
      [...forecasts.upper, ...next.upper],
      [...forecasts.lower, ...next.lower],
      [...forecasts.mean, ...next.mean],
      [...tail.actual, ...nothing],
    ];
    const level = percent(promised(file), 0);
    draw('chart-tail', 340, data, {
      series: [
        timeSeries,
        line(`${level} interval, upper`, 'band', { width: 0.5 }),
        line('lower', 'band', { width: 0.5 }),
        line('forecast', 'model'),
        line('actual', 'actual', { width: 1.25 }),
      ],
      bands: [{ series: [1, 2], fill: color('band') }],
      axes: [timeAxis(), valueAxis()],
      hooks: next.time.length > 0 ? { draw: [marks([next.time[0]], 'soft')] } : {},
    });
    const [all] = data;
    const from = all[Math.max(0, all.length - TAIL_SHOWN)];
    charts.at(-1)?.chart.setScale('x', { min: from, max: all.at(-1) });
  }

  function drawError({ view }) {
    const { mae, lastValue, seasonalNaive } = view.byLead;
    const leads = mae.map((_, i) => i + 1);
    const points = { show: mae.length < 60, size: 5 };
    const seasonal = seasonalNaive.some(isNumber);
    draw('chart-error', 260, [leads, mae, lastValue, ...(seasonal ? [seasonalNaive] : [])], {
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, 1.05 * max] } },
      series: [
        { label: 'steps ahead' },
        line('Foretide', 'model', { width: 2.5, points }),
        line('last value', 'last', { points }),
        ...(seasonal ? [line('seasonal', 'seasonal', { points })] : []),
      ],
      axes: [axis({ incrs: [1, 2, 4, 6, 12, 24, 48, 96, 192] }), valueAxis()],
    });
  }

  function drawCoverage(file, { view }) {
    const { time, coverage } = view.buckets;
    const nominal = promised(file);
    const shown = rolling(coverage[chosen.lead]);
    draw('chart-coverage', 260, [time, shown, time.map(() => nominal)], {
      scales: {
        y: { range: (_, min) => [Math.max(0, Math.min(min ?? 1, nominal - 0.1) - 0.02), 1] },
      },
      series: [
        timeSeries,
        line('held', 'model', { width: 2, value: (_, v) => percent(v) }),
        line('promised', 'last', { dash: [6, 4], value: (_, v) => percent(v, 0) }),
      ],
      axes: [timeAxis(), axis({ size: 56, values: (_, ticks) => ticks.map((t) => percent(t, 0)) })],
    });
  }

  /** Mean over nine buckets around each: one bucket alone is all noise. */
  function rolling(shares) {
    return shares.map((share, i) => {
      if (!isNumber(share)) return null;
      const near = shares.slice(Math.max(0, i - 4), i + 5).filter(isNumber);
      return near.reduce((sum, s) => sum + s, 0) / near.length;
    });
  }

  const hue = (i, of) => `hsl(${Math.round((205 + (360 * i) / of) % 360)} 55% ${i % 2 ? 62 : 48}%)`;

  function drawWeights({ view }) {
    const { time, weights } = view.buckets;
    const mean = (shares) => shares.reduce((sum, s) => sum + s, 0) / shares.length;
    const experts = Object.entries(weights[chosen.lead] ?? {})
      .filter(([, shares]) => Math.max(...shares) >= 0.005)
      .sort(([, a], [, b]) => mean(b) - mean(a));
    const heights = [];
    for (const [i, [, shares]] of experts.entries()) {
      heights.push(shares.map((share, t) => share + (i > 0 ? heights[i - 1][t] : 0)));
    }
    // From the top down, so that each band is filled to the one below it.
    const order = experts.map((_, i) => experts.length - 1 - i);
    draw(
      'chart-weights',
      260,
      experts.length > 0 ? [time, ...order.map((i) => heights[i])] : [[]],
      {
        none: 'The weights were not recorded for this lead.',
        scales: { y: { range: [0, 1] } },
        series: [
          timeSeries,
          ...order.map((i) => ({
            label: experts[i][0].replaceAll('_', ' '),
            stroke: hue(i, experts.length),
            fill: hue(i, experts.length),
            width: 0,
            points: { show: false },
            value: (_, __, ___, t) =>
              t === null ? percent(mean(experts[i][1]), 0) : percent(experts[i][1][t], 0),
          })),
        ],
        axes: [
          timeAxis(),
          axis({ size: 56, values: (_, ticks) => ticks.map((t) => percent(t, 0)) }),
        ],
      },
    );
  }

  function drawSurprises({ view }) {
    const { time, min, max, anomaly } = view.buckets;
    const hooks = { draw: [marks(view.changes, 'alarm')] };
    draw('chart-values', 200, [time, max, min], {
      series: [
        timeSeries,
        line('highest', 'soft', { width: 1 }),
        line('lowest', 'soft', { width: 1 }),
      ],
      bands: [{ series: [1, 2], fill: color('band') }],
      axes: [timeAxis(), valueAxis()],
      hooks,
    });
    byId('chart-anomaly').hidden = !anomaly.some(isNumber);
    if (byId('chart-anomaly').hidden) return;
    draw('chart-anomaly', 140, [time, anomaly], {
      scales: { y: { range: [0, 1] } },
      series: [timeSeries, line('anomaly score', 'alarm', { fill: color('band') })],
      axes: [timeAxis(), valueAxis()],
      hooks,
    });
  }

  /** Upright lines at some times. */
  function marks(times, name) {
    return (u) => {
      const { ctx, bbox } = u;
      ctx.save();
      ctx.strokeStyle = color(name);
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
      for (const time of times) {
        const x = Math.round(u.valToPos(time, 'x', true));
        if (x < bbox.left || x > bbox.left + bbox.width) continue;
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
      ctx.restore();
    };
  }

  // ---- words and tables ----

  const promised = (file) => file.series[chosen.series].overall.intervals[0]?.nominal ?? Number.NaN;

  function tile(value, text, good) {
    const node = element('div', '', 'tile');
    node.append(
      element('b', value, good === undefined ? '' : good ? 'good' : 'bad'),
      element('span', text),
    );
    return node;
  }

  function better(skill, other) {
    const word = skill >= 0 ? 'better' : 'worse';
    return tile(`${percent(Math.abs(skill))} ${word}`, `than ${other}`, skill >= 0);
  }

  function showTiles(file, series) {
    const { skill, intervals } = series.overall;
    const tiles = [];
    if (isNumber(skill.lastValue)) tiles.push(better(skill.lastValue, 'saying “as it is now”'));
    if (isNumber(skill.seasonalNaive)) tiles.push(better(skill.seasonalNaive, file.seasonal));
    const [widest] = intervals;
    if (widest && isNumber(widest.coverage)) {
      const near = Math.abs(widest.coverage - widest.nominal) <= 0.03;
      tiles.push(
        tile(
          percent(widest.coverage),
          `of values were inside the ${percent(widest.nominal, 0)} interval`,
          near,
        ),
      );
    }
    const scored = series.leads[0]?.scored ?? 0;
    const dates = series.from ? `${series.from.slice(0, 10)} to ${series.to.slice(0, 10)}` : '';
    tiles.push(tile(scored.toLocaleString('en'), `forecasts scored a lead; ${dates}`));
    byId('tiles').replaceChildren(...tiles);
  }

  function table(id, header, rows) {
    const head = element('tr', '');
    head.append(...header.map((text) => element('th', text)));
    const body = rows.map(({ cells, isChosen, onClick }) => {
      const row = element('tr', '', isChosen ? 'chosen' : '');
      row.append(...cells.map((text) => element('td', text)));
      if (onClick) {
        row.dataset.series = cells[0];
        row.addEventListener('click', onClick);
      }
      return row;
    });
    byId(id).replaceChildren(head, ...body);
  }

  const leadCells = (lead) => [
    lead.scored.toLocaleString('en'),
    ...[lead.mae, lead.mse, lead.mase].map(compact),
    percent(lead.smape),
    compact(lead.pinball),
    ...lead.intervals.map((band) => percent(band.coverage)),
    compact(lead.intervals[0]?.winkler),
    signed(lead.skill.lastValue),
    signed(lead.skill.seasonalNaive),
  ];

  function showTables(file, series) {
    const bands = (series.leads[0]?.intervals ?? []).map(
      (band) => `in ${percent(band.nominal, 0)}`,
    );
    const columns = [
      'scored',
      'MAE',
      'MSE',
      'MASE',
      'sMAPE',
      'pinball',
      ...bands,
      'Winkler',
      'vs last',
      'vs season',
    ];
    const lead = file.leads[chosen.lead];
    table(
      'table-leads',
      ['steps ahead', ...columns],
      series.leads.map((of) => ({
        cells: [String(of.lead), ...leadCells(of)],
        isChosen: of.lead === lead,
      })),
    );
    table(
      'table-series',
      [lead === 1 ? '1 step ahead' : `${lead} steps ahead`, ...columns],
      file.series.map((of, i) => ({
        cells: [of.series, ...leadCells(of.leads.find((l) => l.lead === lead))],
        isChosen: i === chosen.series,
        onClick: () => choose({ series: i }),
      })),
    );
  }

  function showWords(file, series) {
    const lead = file.leads[chosen.lead];
    const ahead = lead === 1 ? 'one step' : `${lead} steps`;
    byId('file').textContent = file.file.split('/').pop();
    const left = file.left > 0 ? ` ${file.left} further series found no room on this page.` : '';
    byId('about').textContent =
      `Every forecast on this page was made before the value it forecasts was known, in one pass over the data ` +
      `(a row every ${file.every}${file.seasons.length ? `, seasons ${file.seasons.join(', ')}` : ''}).${left}`;
    byId('tail-caption').textContent =
      `The newest steps (double-click for ${series.view.tail.time.length.toLocaleString('en')}). The blue line at a moment is what was ` +
      `forecast for it ${ahead} before; the shade is the ${percent(promised(file), 0)} interval. Right of the dashed ` +
      'line: the forecast of what has not come yet.';
    byId('coverage-caption').textContent =
      `Share of values inside the ${percent(promised(file), 0)} interval ${ahead} ahead, over time ` +
      `(each point: about ${9 * series.view.buckets.steps} steps). Honest intervals stay near the dashed line.`;
    const { length } = series.view.changes;
    byId('surprise-caption').textContent =
      `The whole recording${series.view.buckets.anomaly.some(isNumber) ? ', and how unusual it was: 0 as always, 1 never seen before' : ''}. ` +
      (length > 0
        ? `Dashed lines: ${length} moments at which the series was noticed to change its ways.`
        : 'No lasting change of the series was noticed.');
  }

  // ---- choosing ----

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
    for (const { chart, host } of charts) {
      chart.destroy();
      host.replaceChildren();
    }
    charts = [];
    for (const host of document.querySelectorAll('figure')) host.replaceChildren();
    byId('file-choice').hidden = files.length < 2;
    options(
      'choose-file',
      files.map((f) => f.file),
      chosen.file,
      (i) => choose({ file: i, series: 0, lead: 0 }),
    );
    options(
      'choose-series',
      file.series.map((s) => s.series),
      chosen.series,
      (i) => choose({ series: i }),
    );
    options('choose-lead', file.leads.map(String), chosen.lead, (i) => choose({ lead: i }));
    if (!series) {
      byId('about').textContent = 'Nothing was forecast.';
      return;
    }
    showWords(file, series);
    showTiles(file, series);
    drawTail(file, series);
    drawError(series);
    drawCoverage(file, series);
    drawWeights(series);
    drawSurprises(series);
    showTables(file, series);
  }

  function choose(change) {
    Object.assign(chosen, change);
    show();
  }

  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    for (const { chart, host, height } of charts)
      chart.setSize({ width: host.clientWidth, height });
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  show();
})();
