/**
 * Every file that is made from here: path below `deploy/grafana/` → text. `npm run dashboards` writes
 * them; a test holds them to this.
 */
import { stringify } from 'yaml';
import { alertRules } from './alerts.ts';
import { OPERATIONS } from './operations.ts';
import { overview } from './overview.ts';
import { dashboard, type Json } from './panels.ts';
import type { Language } from './queries.ts';
import { SERIES } from './series.ts';

export const LANGUAGES: readonly Language[] = ['influxql', 'sql'];

const ALERTS: Readonly<Record<Language, string>> = {
  influxql: 'provisioning/alerting/foretide.yaml',
  sql: 'influxdb3/alerting/foretide.yaml',
};
const ALERTS_HEAD =
  '# Examples: set thresholds and times to what fits your series. Made by `npm run dashboards`.\n';

export function dashboards(language: Language): Json[] {
  const specs = [overview(language), SERIES, OPERATIONS];
  return specs.map((spec) => dashboard(spec, language));
}

export function grafanaFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const language of LANGUAGES) {
    for (const json of dashboards(language)) {
      const name = String(json.uid).replace(/^foretide-|-sql$/g, '');
      files.set(`dashboards/${language}/${name}.json`, `${JSON.stringify(json, null, 2)}\n`);
    }
    const rules = stringify(alertRules(language), { lineWidth: 0 });
    files.set(ALERTS[language], `${ALERTS_HEAD}${rules}`);
  }
  return files;
}
