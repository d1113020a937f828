import { z } from 'zod';

/** Names a fault at a path below the object that is checked. */
export type FaultAt = (path: readonly (string | number)[], message: string) => void;

/**
 * A check over several keys of one object. It runs whenever those keys are sound, whatever else is
 * wrong with the object: so one reading finds every fault (zod's own refinements stop early).
 */
export function rule<T>(
  keys: readonly (keyof T & string)[],
  check: (value: T, fault: FaultAt) => void,
) {
  const touched = new Set<PropertyKey | undefined>(keys);
  return z.superRefine<T>(
    (value, context) =>
      check(value, (path, message) =>
        context.addIssue({ code: 'custom', path: [...path], message }),
      ),
    {
      when: ({ value, issues }) =>
        typeof value === 'object' &&
        value !== null &&
        issues.every(({ code, path }) =>
          path?.length ? !touched.has(path[0]) : code !== 'invalid_type',
        ),
    },
  );
}

/** `username`, `password` and `password_file` together. */
export const credentialsRule = rule<{ password?: string; password_file?: string }>(
  ['password', 'password_file'],
  (value, fault) => {
    if (value.password !== undefined && value.password_file !== undefined) {
      fault(['password_file'], 'password is given as well; remove one of the two');
    }
  },
);

export const retryRule = rule<{ retry_min: number; retry_max: number }>(
  ['retry_min', 'retry_max'],
  (value, fault) => {
    if (value.retry_min > value.retry_max) {
      fault(['retry_min'], 'is longer than retry_max; the first wait must be the shorter one');
    }
  },
);

export const tlsRule = rule<{
  url?: string;
  tls?: { cert_file?: string; key_file?: string };
}>(['url', 'tls'], ({ url, tls }, fault) => {
  if (!tls) return;
  if (url !== undefined && !/^(mqtts|wss):/i.test(url)) {
    fault(['tls'], 'needs an encrypted url (mqtts:// or wss://); change url, or remove tls');
  }
  if (Boolean(tls.cert_file) !== Boolean(tls.key_file)) {
    const [given, missing] = tls.cert_file ? ['cert_file', 'key_file'] : ['key_file', 'cert_file'];
    fault(
      ['tls', given!],
      `a client certificate needs its key and the key its certificate; add ${missing}`,
    );
  }
});

/** A URL of one of the schemes, with a host, and no password that a log could show. */
export function urlRule<T extends { url?: string }>(schemes: readonly string[]) {
  return rule<T>(['url'], ({ url }, fault) => {
    if (url === undefined) return;
    const message = urlFault(url, schemes);
    if (message) fault(['url'], message);
  });
}

function urlFault(url: string, schemes: readonly string[]): string | undefined {
  const allowed = `write ${schemes.map((scheme) => `${scheme}://host:port`).join(' or ')}`;
  if (/^[^/?#]*(\/\/)?[^/?#]*@/.test(url)) {
    return 'holds a user or password that logs would show; use username and password_file';
  }
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return `is not a URL; ${allowed}`;
  }
  if (!schemes.includes(parsed.protocol.slice(0, -1))) {
    return `"${url}" does not begin as it should; ${allowed}`;
  }
  return parsed.hostname ? undefined : `"${url}" names no host; ${allowed}`;
}
