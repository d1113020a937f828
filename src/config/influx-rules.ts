/** Which keys of `sinks.influx` belong to which version of InfluxDB. */
import { rule } from './rule.ts';

type Version = 1 | 2 | 3;

interface InfluxKeys {
  readonly version: Version;
  readonly database?: string | undefined;
  readonly org?: string | undefined;
  readonly bucket?: string | undefined;
  readonly token?: string | undefined;
  readonly token_file?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly password_file?: string | undefined;
  readonly retention?: { readonly name?: string | undefined } | undefined;
  readonly gzip?: boolean | undefined;
}

type Key = Exclude<keyof InfluxKeys, 'version'>;

/** The versions that know a key, and what the others want in its place. */
const KEYS: Readonly<Record<Key, { versions: readonly Version[]; instead: string }>> = {
  database: { versions: [1, 3], instead: 'write org and bucket' },
  org: { versions: [2], instead: 'write database' },
  bucket: { versions: [2], instead: 'write database' },
  token: { versions: [2, 3], instead: 'write username and password_file' },
  token_file: { versions: [2, 3], instead: 'write username and password_file' },
  username: { versions: [1], instead: 'write token_file' },
  password: { versions: [1], instead: 'write token_file' },
  password_file: { versions: [1], instead: 'write token_file' },
  retention: { versions: [1, 2], instead: 'give the database its retention where you create it' },
  gzip: { versions: [2, 3], instead: 'remove it' },
};

/** One a key, so that one that is wrong in itself hides no other. */
export const influxVersionRules = [
  ...(Object.keys(KEYS) as Key[]).map((key) =>
    rule<InfluxKeys>(['version', key], (influx, fault) => {
      const { versions, instead } = KEYS[key];
      if (influx[key] === undefined || versions.includes(influx.version)) return;
      const theirs = `version ${versions.join(' or ')}`;
      const message = `belongs to ${theirs}, and version is ${influx.version}`;
      fault([key], `${message}; ${instead}, or set version`);
    }),
  ),
  rule<InfluxKeys>(['version', 'token', 'token_file'], (influx, fault) => {
    const { version, token, token_file: tokenFile } = influx;
    if (token !== undefined && tokenFile !== undefined) {
      fault(['token_file'], 'token is given as well; remove one of the two');
    }
    if (version === 2 && token === undefined && tokenFile === undefined) {
      fault([], `has no token, which version 2 needs; add token_file or token: \${NAME}`);
    }
  }),
  rule<InfluxKeys>(['version', 'org'], ({ version, org }, fault) => {
    if (version === 2 && org === undefined) {
      fault([], 'has no org, which version 2 needs; add the name of the organization');
    }
  }),
  rule<InfluxKeys>(['version', 'retention'], ({ version, retention }, fault) => {
    if (!retention) return;
    if (version === 1 && retention.name === undefined) {
      fault(['retention'], 'has no name, which version 1 needs; add the name of the policy');
    }
    if (version === 2 && retention.name !== undefined) {
      fault(
        ['retention', 'name'],
        'belongs to version 1; remove it, as a bucket has one retention',
      );
    }
  }),
];
