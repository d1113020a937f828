/** Search, states, streams; and, where a row is a card, the order. */
import type { RowOrder, SeriesState } from '../observe/monitor.ts';
import { button, h, refill, setAttributes, setText } from './dom.ts';
import { formatCount } from './format.ts';
import { stateShape } from './marks.ts';
import type { ListChoice } from './route.ts';
import { STATE_ORDER, STATES } from './words.ts';

/** Typing goes on meanwhile. */
const TYPING_MS = 150;

type Sortable = readonly { readonly label: string; readonly order?: RowOrder }[];

export class ListFilters {
  readonly node: HTMLElement;
  readonly #search = h('input', {
    ...{
      type: 'search',
      placeholder: 'Words of the name',
      autocomplete: 'off',
      spellcheck: 'false',
    },
  });
  readonly #stream = h('select');
  readonly #sort = h('select');
  readonly #chips = new Map<SeriesState | null, HTMLButtonElement>();
  readonly #counts = new Map<SeriesState | null, HTMLElement>();
  #choice: ListChoice;
  #typing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    choice: ListChoice,
    columns: Sortable,
    choose: (change: Partial<ListChoice>) => void,
  ) {
    this.#choice = choice;
    this.#search.value = choice.search;
    this.#search.addEventListener('input', () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => {
        this.#typing = undefined;
        choose({ search: this.#search.value });
      }, TYPING_MS);
    });
    this.#stream.addEventListener('change', () => choose({ stream: this.#stream.value || null }));
    this.#sort.append(h('option', { value: '' }, 'First seen first'), ...sortOptions(columns));
    this.#sort.addEventListener('change', () => {
      const [order, way] = this.#sort.value.split(' ');
      choose({ sort: (order || null) as RowOrder | null, descending: way === 'down' });
    });
    const chips = [null, ...STATE_ORDER].map((state) => {
      const count = h('span', { class: 'figure' });
      const press = (): void => choose({ state: this.#choice.state === state ? null : state });
      const chip = button('', { class: 'chip', title: state && STATES[state].means }, press);
      chip.append(...(state ? [stateShape(state)] : []), state ? STATES[state].word : 'All', count);
      this.#chips.set(state, chip);
      this.#counts.set(state, count);
      return chip;
    });
    this.node = h(
      'div',
      { class: 'filters', role: 'search', 'aria-label': 'Series' },
      h('label', { class: 'field search' }, h('span', {}, 'Search'), this.#search),
      h('label', { class: 'field' }, h('span', {}, 'Stream'), this.#stream),
      h('label', { class: 'field sort-field' }, h('span', {}, 'Order'), this.#sort),
      h('div', { class: 'chips', role: 'group', 'aria-label': 'State' }, ...chips),
    );
    this.#showStreams([]);
    this.show(choice);
  }

  show(choice: ListChoice): void {
    this.#choice = choice;
    // What is being typed is newer than what was asked for.
    const isTyping = this.#typing !== undefined || document.activeElement === this.#search;
    if (!isTyping) this.#search.value = choice.search;
    this.#stream.value = choice.stream ?? '';
    this.#sort.value = choice.sort ? `${choice.sort} ${choice.descending ? 'down' : 'up'}` : '';
    for (const [state, chip] of this.#chips) {
      setAttributes(chip, { 'aria-pressed': String(state === choice.state) });
    }
  }

  showCounts(states: Readonly<Record<SeriesState, number>>, streams: readonly string[]): void {
    for (const [state, count] of this.#counts) {
      const sum = STATE_ORDER.reduce((total, each) => total + states[each], 0);
      setText(count, formatCount(state ? states[state] : sum));
    }
    this.#showStreams(streams);
  }

  focus(): void {
    this.#search.focus();
  }

  #showStreams(streams: readonly string[]): void {
    const { stream } = this.#choice;
    const all = stream === null || streams.includes(stream) ? streams : [...streams, stream];
    refill(this.#stream, all, () => [
      h('option', { value: '' }, 'All streams'),
      ...all.map((name) => h('option', { value: name }, name)),
    ]);
    this.#stream.value = stream ?? '';
  }
}

function sortOptions(columns: Sortable): HTMLOptionElement[] {
  return columns.flatMap(({ label, order }) =>
    order
      ? [
          h('option', { value: `${order} up` }, `${label} ↑`),
          h('option', { value: `${order} down` }, `${label} ↓`),
        ]
      : [],
  );
}
