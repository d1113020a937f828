/**
 * Points in tables of a PostgreSQL (compiled to WebAssembly), as InfluxDB 3 has them: a table for each
 * measurement, a column for each tag and field. InfluxDB 3 itself cannot be run here; what is asked of
 * it keeps to what both know (`date_bin`, window functions, `strpos`, `information_schema`).
 */
import { PGlite } from '@electric-sql/pglite';
import { readLine } from './line-reader.ts';

export type SqlRow = Readonly<Record<string, unknown>>;

interface Table {
  readonly tags: Set<string>;
  readonly fields: Set<string>;
  /** By tags and time: a later point for the same moment overwrites fields of the earlier one. */
  readonly rows: Map<string, Record<string, string | number>>;
}

const ROWS_AN_INSERT = 500;

export class SqlDatabase {
  readonly #db: PGlite;

  private constructor(db: PGlite) {
    this.#db = db;
  }

  /** @param lines of line protocol, with times in ns */
  static async of(lines: readonly string[]): Promise<SqlDatabase> {
    const db = await PGlite.create();
    await db.exec("SET TIME ZONE 'UTC'");
    for (const [name, table] of tablesOf(lines)) {
      const columns = [
        '"time" timestamp',
        ...[...table.tags].map((tag) => `${quoted(tag)} text`),
        ...[...table.fields].map((field) => `${quoted(field)} double precision`),
      ];
      await db.exec(`CREATE TABLE ${quoted(name)} (${columns.join(', ')})`);
      const rows = [...table.rows.values()];
      for (let i = 0; i < rows.length; i += ROWS_AN_INSERT) {
        const json = JSON.stringify(rows.slice(i, i + ROWS_AN_INSERT));
        const from = `json_populate_recordset(NULL::${quoted(name)}, $1)`;
        await db.query(`INSERT INTO ${quoted(name)} SELECT * FROM ${from}`, [json]);
      }
    }
    return new SqlDatabase(db);
  }

  async query(sql: string): Promise<SqlRow[]> {
    try {
      return (await this.#db.query<SqlRow>(sql)).rows;
    } catch (error) {
      throw new Error(`${(error as Error).message}: ${sql}`);
    }
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}

function tablesOf(lines: readonly string[]): Map<string, Table> {
  const tables = new Map<string, Table>();
  for (const text of lines) {
    const { measurement, tags, fields, time } = readLine(text);
    const table: Table = tables.get(measurement) ?? {
      tags: new Set(),
      fields: new Set(),
      rows: new Map(),
    };
    tables.set(measurement, table);
    const key = JSON.stringify([[...tags].sort(), String(time)]);
    const iso = new Date(Number(time / 1_000_000n)).toISOString();
    const row = table.rows.get(key) ?? { time: iso, ...Object.fromEntries(tags) };
    Object.assign(row, Object.fromEntries(fields));
    table.rows.set(key, row);
    for (const tag of tags.keys()) table.tags.add(tag);
    for (const field of fields.keys()) table.fields.add(field);
  }
  return tables;
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
