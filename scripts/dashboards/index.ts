/** Every file that is made from here: path below `deploy/grafana/` → text. */
import { overview } from './overview.ts';
import { dashboard, type Json } from './panels.ts';
import type { Language } from './queries.ts';
import { seriesDashboard } from './series.ts';

export const LANGUAGES: readonly Language[] = ['influxql', 'sql'];

export function dashboards(language: Language): Json[] {
  return [overview(language), seriesDashboard()].map((spec) => dashboard(spec, language));
}

export function grafanaFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const language of LANGUAGES) {
    for (const json of dashboards(language)) {
      const name = String(json.uid).replace(/^foretide-|-sql$/g, '');
      files.set(`dashboards/${language}/${name}.json`, `${JSON.stringify(json, null, 2)}\n`);
    }
  }
  return files;
}
