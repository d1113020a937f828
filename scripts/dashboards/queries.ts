/**
 * Questions to the database, told once and put into both languages: InfluxQL (1.x; 2.x and 3 by their
 * interface of 1.x) and SQL (3). What SQL is used is common to DataFusion and PostgreSQL.
 */
export type Language = 'influxql' | 'sql';

export interface Aggregate {
  readonly by: 'mean' | 'min' | 'max' | 'sum' | 'count';
  readonly of: string;
  /** Of its size, whatever the sign. */
  readonly abs?: boolean;
  readonly as: string;
}

/** Conditions, all of them; most are on what is chosen at the top of the dashboard. */
export interface Where {
  /** The series that is chosen. */
  readonly series?: boolean;
  /** Those whose name holds what is searched for. */
  readonly search?: boolean;
  /** The lead that is chosen, or this one. */
  readonly lead?: boolean | number;
  /** The daemon that is chosen. */
  readonly daemon?: boolean;
  /** At least the anomaly score that is chosen. */
  readonly anomalous?: boolean;
}

/** A line in time for each aggregate, or for each value of a tag. */
export interface OverTime {
  readonly kind: 'over-time';
  readonly from: string;
  readonly select: readonly Aggregate[];
  readonly where: Where;
  readonly split?: string;
}

/** One row for each value of the tags: that of the newest, or the largest, first field. */
export interface Newest {
  readonly kind: 'newest';
  readonly from: string;
  readonly fields: readonly [string, ...string[]];
  readonly largest?: boolean;
  readonly where: Where;
  readonly each: readonly [string, ...string[]];
}

/** One row: an aggregate over such rows, of those where a condition holds. */
export interface OverNewest {
  readonly kind: 'over-newest';
  readonly select: Aggregate;
  readonly rows: Newest;
  readonly having?: string;
}

/** One row: sum of sizes ÷ sum of sizes, a mean over series. */
export interface Ratio {
  readonly kind: 'ratio';
  readonly from: string;
  readonly over: string;
  readonly under: string;
  readonly where: Where;
  readonly as: string;
}

/** One row: an aggregate over all that is in the time range. */
export interface Total {
  readonly kind: 'total';
  readonly from: string;
  readonly select: Aggregate;
  readonly where: Where;
}

/** Rows as they are, with a text. */
export interface Raw {
  readonly kind: 'raw';
  readonly from: string;
  readonly fields: readonly string[];
  readonly tags: readonly string[];
  readonly where: Where;
}

export type Query = OverTime | Newest | OverNewest | Ratio | Total | Raw;

export function queryText(query: Query, language: Language): string {
  return language === 'influxql' ? influxql(query) : sql(query);
}

function influxql(query: Query): string {
  switch (query.kind) {
    case 'over-time': {
      const { from, select, where, split } = query;
      const by = `GROUP BY time($__interval)${split ? `, ${name(split)}` : ''} fill(none)`;
      const list = select.map((a) => `${a.by}(${name(a.of)}) AS ${name(a.as)}`).join(', ');
      if (!select.some(({ abs }) => abs))
        return `SELECT ${list} FROM ${name(from)} ${when('influxql', where)} ${by}`;
      // A size can only be taken of a field, within.
      const sizes = select.map(
        ({ of, abs }) => `${abs ? `abs(${name(of)})` : name(of)} AS ${name(of)}`,
      );
      const inner = `SELECT ${sizes} FROM ${name(from)} ${when('influxql', where)}`;
      return `SELECT ${list} FROM (${inner}${split ? ` GROUP BY ${name(split)}` : ''}) WHERE $timeFilter ${by}`;
    }
    case 'newest': {
      const { from, fields, largest, where, each } = query;
      const [first, ...others] = fields;
      const pick = `${largest ? 'max' : 'last'}(${name(first)}) AS ${name(first)}`;
      const list = [pick, ...others.map(name)].join(', ');
      return `SELECT ${list} FROM ${name(from)} ${when('influxql', where)} GROUP BY ${each.map(name).join(', ')}`;
    }
    case 'over-newest': {
      const { select, rows, having } = query;
      const what = `${select.by}(${name(select.of)}) AS ${name(select.as)}`;
      return `SELECT ${what} FROM (${influxql(rows)})${having ? ` WHERE ${having}` : ''}`;
    }
    case 'ratio': {
      const { from, over, under, where, as } = query;
      const sizes = `SELECT abs(${name(over)}) AS "over", abs(${name(under)}) AS "under" FROM ${name(from)} ${when('influxql', where)} GROUP BY "series"`;
      const each = `SELECT sum("over") / sum("under") AS "ratio" FROM (${sizes}) WHERE $timeFilter GROUP BY "series"`;
      return `SELECT mean("ratio") AS ${name(as)} FROM (${each})`;
    }
    case 'total': {
      const { from, select, where } = query;
      return `SELECT ${select.by}(${name(select.of)}) AS ${name(select.as)} FROM ${name(from)} ${when('influxql', where)}`;
    }
    case 'raw': {
      const { from, fields, tags, where } = query;
      return `SELECT ${[...fields, ...tags].map(name).join(', ')} FROM ${name(from)} ${when('influxql', where)}`;
    }
  }
}

function sql(query: Query): string {
  switch (query.kind) {
    case 'over-time': {
      const { from, select, where, split } = query;
      const tag = split ? `, ${name(split)}` : '';
      const list = select.map((a) => `${aggregate(a)} AS ${name(a.as)}`).join(', ');
      const by = `GROUP BY 1${split ? ', 2' : ''} ORDER BY 1${split ? ', 2' : ''}`;
      // InfluxQL has no row where there is no value; SQL would have one of nothing.
      const present = select.map(({ of }) => `${name(of)} IS NOT NULL`).join(' OR ');
      const condition = `${when('sql', where)} AND ${select.length > 1 ? `(${present})` : present}`;
      return `SELECT $__dateBin("time") AS "time"${tag}, ${list} FROM ${name(from)} ${condition} ${by}`;
    }
    case 'newest': {
      const { fields, each } = query;
      const list = ['time', ...each, ...fields].map(name).join(', ');
      return `SELECT ${list} FROM (${placed(query)}) AS "placed" WHERE "place" = 1 ORDER BY ${each.map(name).join(', ')}`;
    }
    case 'over-newest': {
      const { select, rows, having } = query;
      const more = having ? ` AND ${having}` : '';
      return `SELECT ${aggregate(select)} AS ${name(select.as)} FROM (${placed(rows)}) AS "placed" WHERE "place" = 1${more}`;
    }
    case 'ratio': {
      const { from, over, under, where, as } = query;
      const each = `SELECT "series", sum(abs(${name(over)})) / nullif(sum(abs(${name(under)})), 0) AS "ratio" FROM ${name(from)} ${when('sql', where)} GROUP BY "series"`;
      return `SELECT avg("ratio") AS ${name(as)} FROM (${each}) AS "each"`;
    }
    case 'total': {
      const { from, select, where } = query;
      return `SELECT ${aggregate(select)} AS ${name(select.as)} FROM ${name(from)} ${when('sql', where)}`;
    }
    case 'raw': {
      const { from, fields, tags, where } = query;
      const list = ['time', ...fields, ...tags].map(name).join(', ');
      return `SELECT ${list} FROM ${name(from)} ${when('sql', where)} ORDER BY "time"`;
    }
  }
}

/** Rows with their place among those of the same tags. */
function placed({ from, fields, largest, where, each }: Newest): string {
  const order = largest ? `${name(fields[0])} DESC, "time"` : '"time" DESC';
  const tags = each.map(name).join(', ');
  const list = ['time', ...each, ...fields].map(name).join(', ');
  const place = `row_number() OVER (PARTITION BY ${tags} ORDER BY ${order}) AS "place"`;
  return `SELECT ${list}, ${place} FROM ${name(from)} ${when('sql', where)} AND ${name(fields[0])} IS NOT NULL`;
}

function aggregate({ by, of, abs }: Aggregate): string {
  return `${by === 'mean' ? 'avg' : by}(${abs ? `abs(${name(of)})` : name(of)})`;
}

function when(language: Language, where: Where): string {
  const isSql = language === 'sql';
  const quoted = (variable: string): string =>
    `\${${variable}:${isSql ? 'sqlstring' : 'singlequote'}}`;
  const conditions = [
    where.series ? `"series" = ${quoted('series')}` : [],
    where.search
      ? isSql
        ? `strpos("series", ${quoted('search')}) > 0`
        : `"series" =~ /\${search:regex}.*/`
      : [],
    where.lead === true ? `"lead" = ${quoted('lead')}` : [],
    typeof where.lead === 'number' ? `"lead" = '${where.lead}'` : [],
    where.daemon ? `"daemon" = ${quoted('daemon')}` : [],
    where.anomalous ? `"anomaly" >= \${anomaly}` : [],
    isSql ? '$__timeFilter("time")' : '$timeFilter',
  ].flat();
  return `WHERE ${conditions.join(' AND ')}`;
}

function name(identifier: string): string {
  return `"${identifier}"`;
}

/** The values of a tag, for a variable. */
export function tagValues(language: Language, from: string, tag: string): string {
  if (language === 'influxql') return `SHOW TAG VALUES FROM ${name(from)} WITH KEY = ${name(tag)}`;
  return `SELECT DISTINCT ${name(tag)} FROM ${name(from)} WHERE $__timeFilter("time") ORDER BY 1`;
}

/** The fields `lower_80`, `lower_50` … that there are. */
export function innerBounds(language: Language): string {
  if (language === 'influxql') return 'SHOW FIELD KEYS FROM "forecast"';
  return `SELECT column_name FROM information_schema.columns WHERE table_name = 'forecast' ORDER BY 1`;
}
