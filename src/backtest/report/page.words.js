// Runs in the browser: captions, tiles and tables of one series.
globalThis.pageWords = (() => {
  const { byId, compact, element, isNumber, percent, promised, signed } = globalThis.pageBase;

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

  function showTables(file, chosen, onSeries) {
    const series = file.series[chosen.series];
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
        onClick: () => onSeries(i),
      })),
    );
  }

  function showWords(file, chosen) {
    const series = file.series[chosen.series];
    const lead = file.leads[chosen.lead];
    const ahead = lead === 1 ? 'one step' : `${lead} steps`;
    byId('file').textContent = file.file.split('/').pop();
    const left = file.left > 0 ? ` ${file.left} further series found no room on this page.` : '';
    byId('about').textContent =
      `Every forecast on this page was made before the value it forecasts was known, in one pass over the data ` +
      `(a row every ${file.every}${file.seasons.length ? `, seasons ${file.seasons.join(', ')}` : ''}).${left}`;
    byId('tail-caption').textContent =
      `The newest steps (double-click for ${series.view.tail.time.length.toLocaleString('en')}). The blue line at a moment is what was ` +
      `forecast for it ${ahead} before; the shade is the ${percent(promised(series), 0)} interval. Right of the dashed ` +
      'line: the forecast of what has not come yet.';
    byId('coverage-caption').textContent =
      `Share of values inside the ${percent(promised(series), 0)} interval ${ahead} ahead, over time ` +
      `(each point: about ${9 * series.view.buckets.steps} steps). Honest intervals stay near the dashed line.`;
    const { length } = series.view.changes;
    byId('surprise-caption').textContent =
      `The whole recording${series.view.buckets.anomaly.some(isNumber) ? ', and how unusual it was: 0 as always, 1 never seen before' : ''}. ` +
      (length > 0
        ? `Dashed lines: ${length} moments at which the series was noticed to change its ways.`
        : 'No lasting change of the series was noticed.');
  }

  /** @param chosen places of the series and the lead; onSeries is told of another one */
  function showAll(file, chosen, onSeries) {
    showWords(file, chosen);
    showTiles(file, file.series[chosen.series]);
    showTables(file, chosen, onSeries);
  }

  return { showAll };
})();
