/** All series: searched, filtered, sorted and cut into pages by the daemon. */
import type { ListReport } from '../observe/http/api.ts';
import type { RowOrder } from '../observe/monitor.ts';
import { announce, button, h, refill, setAttributes, setText } from './dom.ts';
import { formatCount } from './format.ts';
import { watchReport } from './health.ts';
import { ListFilters } from './list-filters.ts';
import { ListRow } from './list-row.ts';
import { LiveView } from './live.ts';
import { type ListChoice, listHash } from './route.ts';
import type { MountedView } from './view.ts';

const ROWS = 50;
const AGE_MS = 1_000;

interface Column {
  readonly label: string;
  readonly order?: RowOrder;
  /** Pressed for the first time: what one looks for is at the top. */
  readonly descending?: boolean;
  readonly number?: boolean;
}

const COLUMNS: readonly Column[] = [
  { label: 'Series', order: 'series' },
  { label: 'State', order: 'state', descending: true },
  { label: 'Lately' },
  { label: 'Last value', order: 'last', number: true },
  { label: 'Next forecast', number: true },
  { label: 'Skill', order: 'skill', number: true },
  { label: 'Coverage', order: 'coverage', number: true },
  { label: 'Anomaly', order: 'anomaly', descending: true, number: true },
  { label: 'Last seen', order: 'lastMs', descending: true, number: true },
];

export class ListView implements MountedView {
  readonly title = 'Series';
  readonly heading = h('h1', { tabindex: -1 }, 'Series');
  readonly node: HTMLElement;
  #choice: ListChoice;
  #live: LiveView<ListReport> | undefined;
  #report: ListReport | undefined;
  #rows = new Map<string, ListRow>();
  /** After a change of page by key, the first row gets the focus. */
  #focusFirst = false;
  #tell = false;
  readonly #filters: ListFilters;
  readonly #headers = COLUMNS.map((column) => this.#header(column));
  readonly #body = h('tbody');
  readonly #count = h('p', { class: 'count' }, 'Waiting for the daemon …');
  readonly #empty = h('div', { class: 'empty', hidden: true });
  readonly #table: HTMLElement;
  readonly #pager = h('nav', { class: 'pager', 'aria-label': 'Pages' });
  readonly #place = h('span', { class: 'place' });
  readonly #steps: readonly HTMLButtonElement[];
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #unwatch: () => void;

  constructor(choice: ListChoice) {
    this.#choice = choice;
    this.#filters = new ListFilters(choice, COLUMNS, (change) =>
      this.#choose({ page: 0, ...change }),
    );
    const table = h(
      'table',
      { class: 'list' },
      h('caption', { class: 'unseen' }, 'Series, with their newest values and forecasts'),
      h('thead', {}, h('tr', {}, ...this.#headers)),
      this.#body,
    );
    this.#table = h('div', { class: 'card list-card' }, table);
    this.#steps = [
      button('First', {}, () => this.#turn(-this.#choice.page)),
      button('Previous', {}, () => this.#turn(-1)),
      button('Next', {}, () => this.#turn(1)),
      button('Last', {}, () => this.#turn(this.#pages - 1 - this.#choice.page)),
    ];
    const [start, back, on, end] = this.#steps;
    this.#pager.append(start!, back!, this.#place, on!, end!);
    const hint = h(
      'p',
      { class: 'hint fine' },
      'In the table: ↑ ↓ go from row to row, ← → turn the page.',
    );
    const head = h('div', { class: 'head' }, this.heading, this.#count);
    this.node = h('div', {}, head, this.#filters.node, this.#table, this.#empty, this.#pager, hint);
    this.#body.addEventListener('keydown', (event) => this.#key(event));
    this.#unwatch = watchReport(({ series, accounting }) => {
      this.#filters.showCounts(series, Object.keys(accounting));
    });
    this.#timer = setInterval(() => {
      for (const row of this.#rows.values()) row.showAge();
    }, AGE_MS);
    this.#open();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unwatch();
    this.#live?.close();
  }

  get #pages(): number {
    return Math.max(1, Math.ceil((this.#report?.matched ?? 0) / ROWS));
  }

  #header(column: Column): HTMLTableCellElement {
    const { label, order, descending = false, number } = column;
    const node = h('th', { scope: 'col', class: number ? 'number' : null });
    if (!order) {
      node.append(label);
      return node;
    }
    const press = (): void => {
      const same = this.#choice.sort === order;
      const down = same ? !this.#choice.descending : descending;
      this.#choose({ sort: order, descending: down, page: 0 });
    };
    node.append(button(label, { class: 'sort' }, press));
    return node;
  }

  #choose(change: Partial<ListChoice>): void {
    this.#choice = { ...this.#choice, ...change };
    history.replaceState(null, '', listHash(this.#choice));
    this.#tell = true;
    this.#open();
  }

  #turn(by: number): void {
    const page = Math.min(this.#pages - 1, Math.max(0, this.#choice.page + by));
    if (page === this.#choice.page) return;
    this.#choose({ page });
    scrollTo({ top: 0 });
  }

  #open(): void {
    this.#live?.close();
    const { search, state, stream, sort, descending, page } = this.#choice;
    this.#filters.show(this.#choice);
    COLUMNS.forEach(({ order }, i) => {
      const way = order && order === sort ? (descending ? 'descending' : 'ascending') : null;
      setAttributes(this.#headers[i]!, { 'aria-sort': way });
    });
    this.#live = new LiveView<ListReport>({
      view: 'list',
      query: {
        ...{ search, state, stream, sort, descending: descending ? 'true' : null },
        ...{ offset: String(page * ROWS), limit: String(ROWS) },
      },
      data: (report) => this.#show(report),
      refused: (message) => setText(this.#count, message),
    });
  }

  #show(report: ListReport): void {
    this.#report = report;
    const { total, matched, rows } = report;
    if (rows.length === 0 && matched > 0) return this.#choose({ page: this.#pages - 1 });
    const before = this.#rows;
    this.#rows = new Map();
    rows.forEach((summary, i) => {
      const row = before.get(summary.series) ?? new ListRow(summary);
      this.#rows.set(summary.series, row);
      row.show(summary);
      const there = this.#body.children[i];
      if (there !== row.node) this.#body.insertBefore(row.node, there ?? null);
    });
    while (this.#body.children.length > rows.length) this.#body.lastElementChild?.remove();
    const all = `${formatCount(total)} series`;
    const count = matched === total ? all : `${formatCount(matched)} of ${all}`;
    setText(this.#count, count);
    this.#showEmpty(total, matched);
    this.#showPager();
    if (this.#tell) announce(`${count}, page ${this.#choice.page + 1} of ${this.#pages}`);
    this.#tell = false;
    if (this.#focusFirst) this.#body.querySelector('a')?.focus();
    this.#focusFirst = false;
  }

  #showEmpty(total: number, matched: number): void {
    this.#table.hidden = matched === 0;
    this.#empty.hidden = matched > 0;
    refill(this.#empty, [total === 0, matched === 0], () => {
      if (total === 0) {
        const text =
          'A series appears with its first sample. If none comes, the pipeline says why.';
        return [
          h('h2', {}, 'No series yet'),
          h('p', {}, text),
          h('a', { href: '#/pipeline' }, 'To the pipeline'),
        ];
      }
      const clear = button('Show all series', {}, () => {
        this.#choose({ search: '', state: null, stream: null, page: 0 });
        this.#filters.focus();
      });
      return [
        h('h2', {}, 'No series fits'),
        h('p', {}, 'Every word of the search has to be in the name.'),
        clear,
      ];
    });
  }

  #showPager(): void {
    const { page } = this.#choice;
    this.#pager.hidden = this.#pages === 1;
    setText(this.#place, `Page ${formatCount(page + 1)} of ${formatCount(this.#pages)}`);
    // Not `disabled`: that would take the focus away from who presses on.
    this.#steps.forEach((step, i) => {
      const end = i < 2 ? page === 0 : page >= this.#pages - 1;
      setAttributes(step, { 'aria-disabled': end ? 'true' : null });
    });
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const row = (event.target as Element).closest('tr');
    const { key } = event;
    if (key === 'ArrowDown') focusRow(row?.nextElementSibling);
    else if (key === 'ArrowUp') focusRow(row?.previousElementSibling);
    else if (key === 'ArrowRight' || key === 'ArrowLeft') {
      const { page } = this.#choice;
      this.#turn(key === 'ArrowRight' ? 1 : -1);
      this.#focusFirst = page !== this.#choice.page;
    } else return;
    event.preventDefault();
  }
}

function focusRow(row: Element | null | undefined): void {
  row?.querySelector('a')?.focus();
}
