// Runs in the browser, after uPlot: the charts of one series, each into its figure.
globalThis.pageCharts = (() => {
  const { byId, color, compact, element, isNumber, percent, promised, stamp } = globalThis.pageBase;
  /** More steps at once are a jumble; the rest is a double-click away. */
  const TAIL_SHOWN = 320;
  let charts = [];

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

  function drawTail(series, lead) {
    const { tail, next } = series.view;
    const forecasts = tail.forecasts[lead];
    const nothing = next.time.map(() => null);
    const data = [
      [...tail.time, ...next.time],
      [...forecasts.upper, ...next.upper],
      [...forecasts.lower, ...next.lower],
      [...forecasts.mean, ...next.mean],
      [...tail.actual, ...nothing],
    ];
    const level = percent(promised(series), 0);
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

  function drawCoverage(series, lead) {
    const { time, coverage } = series.view.buckets;
    const nominal = promised(series);
    const shown = rolling(coverage[lead]);
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

  function drawWeights({ view }, lead) {
    const { time, weights } = view.buckets;
    const mean = (shares) => shares.reduce((sum, s) => sum + s, 0) / shares.length;
    const experts = Object.entries(weights[lead] ?? {})
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

  /** @param lead place of the chosen one */
  function drawAll(series, lead) {
    for (const { chart } of charts) chart.destroy();
    charts = [];
    for (const host of document.querySelectorAll('figure')) host.replaceChildren();
    drawTail(series, lead);
    drawError(series);
    drawCoverage(series, lead);
    drawWeights(series, lead);
    drawSurprises(series);
  }

  function resize() {
    for (const { chart, host, height } of charts) {
      chart.setSize({ width: host.clientWidth, height });
    }
  }

  return { drawAll, resize };
})();
