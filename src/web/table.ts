/** A table whose cells stay while their text changes: who reads along is not thrown out. */
import { h, setAttributes, setText } from './dom.ts';

export interface TableColumn {
  readonly label: string;
  readonly number?: boolean;
  readonly title?: string;
}

/** A text, or something drawn that tells it. */
export type TableCell = string | Node;

export class Table {
  readonly node: HTMLTableElement;
  readonly #body = h('tbody');
  readonly #columns: readonly TableColumn[];

  /** @param caption for those who cannot see what is around the table */
  constructor(caption: string, columns: readonly TableColumn[], name = '') {
    this.#columns = columns;
    const heads = columns.map(({ label, number, title }) =>
      h('th', { scope: 'col', class: number ? 'number' : null, title }, label),
    );
    this.node = h(
      'table',
      { class: name || null },
      h('caption', { class: 'unseen' }, caption),
      h('thead', {}, h('tr', {}, ...heads)),
      this.#body,
    );
  }

  /** The first cell of a row is its heading. */
  show(rows: readonly (readonly TableCell[])[]): void {
    rows.forEach((cells, i) => {
      const row = (this.#body.children[i] as HTMLTableRowElement | undefined) ?? this.#add();
      cells.forEach((cell, j) => {
        const node = row.cells[j]!;
        if (typeof cell === 'string') setText(node, cell);
        else if (node.firstChild !== cell) node.replaceChildren(cell);
      });
    });
    while (this.#body.children.length > rows.length) this.#body.lastElementChild?.remove();
  }

  tone(row: number, tone: string | null): void {
    setAttributes(this.#body.children[row]!, { 'data-tone': tone });
  }

  #add(): HTMLTableRowElement {
    const row = h('tr');
    this.#columns.forEach(({ number, label }, i) => {
      const attributes = { class: number ? 'number' : null, 'data-label': label };
      row.append(i === 0 ? h('th', { scope: 'row', ...attributes }) : h('td', attributes));
    });
    this.#body.append(row);
    return row;
  }
}
