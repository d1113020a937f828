/** Why a connection failed, in words for the user, and what the source should do about it. */

/**
 * `version`: the broker does not speak this MQTT version. `refused`: it answered and said no.
 * `unreachable`: no answer, or the connection broke.
 */
export interface Failure {
  readonly kind: 'version' | 'refused' | 'unreachable';
  readonly detail: string;
  /** Trying again soon cannot help, and may lock an account: wait the longest wait. */
  readonly patient: boolean;
  /** Closed without a word: how some brokers refuse a version. */
  readonly hungUp: boolean;
}

const CREDENTIALS = 'check username, password and the broker’s access rules';

/** Codes of MQTT 3.1.1 (1–5) and MQTT 5 (128 on), and what to do. */
const REASONS: Readonly<Record<number, readonly [reason: string, advice?: string]>> = {
  2: ['client id rejected', 'set client_id to one that the broker accepts'],
  3: ['server unavailable'],
  4: ['bad user name or password', CREDENTIALS],
  5: ['not authorized', CREDENTIALS],
  128: ['unspecified error'],
  130: ['protocol error'],
  131: ['implementation specific error'],
  133: ['client id not valid', 'set client_id to one that the broker accepts'],
  134: ['bad user name or password', CREDENTIALS],
  135: ['not authorized', CREDENTIALS],
  136: ['server unavailable'],
  137: ['server busy'],
  138: ['banned', 'ask the broker’s administrator'],
  139: ['server shutting down'],
  140: ['bad authentication method'],
  141: ['keepalive timeout'],
  142: ['session taken over', 'another client uses this client_id; give each its own'],
  147: ['receive maximum exceeded'],
  149: ['packet too large'],
  150: ['message rate too high'],
  151: ['quota exceeded'],
  152: ['administrative action'],
  154: ['retain not supported'],
  155: ['QoS not supported', 'the status topic needs QoS 1'],
  156: ['use another server', 'change url'],
  157: ['server moved', 'change url'],
  159: ['connection rate exceeded'],
  160: ['maximum connect time'],
};
/** Passing conditions: an ordinary back-off is right. */
const PASSING = new Set([3, 128, 130, 131, 136, 137, 139, 141, 147, 149, 150, 152, 159, 160]);
const VERSION_REFUSED = new Set([1, 132]);

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  EPROTO: 'TLS failed; is this the broker’s TLS port?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; set tls.ca_file',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate authority is not trusted; set tls.ca_file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate authority is not trusted; set tls.ca_file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate authority is not trusted; set tls.ca_file',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host; set tls.server_name',
};

/** `error` as mqtt.js gives it: a number as `code` is the broker's answer, a text the system's. */
export function explainFailure(error: Error | undefined): Failure {
  const code: unknown = error && 'code' in error ? error.code : undefined;
  if (typeof code === 'number') return explainRefusal(code);
  const hungUp = !error || code === 'ECONNRESET' || code === 'EPIPE';
  return { kind: 'unreachable', detail: explainError(error, code), patient: false, hungUp };
}

function explainRefusal(code: number): Failure {
  if (VERSION_REFUSED.has(code)) {
    const detail = 'the broker does not speak this MQTT version; set protocol: auto';
    return { kind: 'version', detail, patient: true, hungUp: false };
  }
  const patient = !PASSING.has(code);
  return { kind: 'refused', detail: explainReason(code), patient, hungUp: false };
}

/** `135` → `not authorized (reason 135); check …` */
export function explainReason(code: number): string {
  const [reason, advice] = REASONS[code] ?? ['no reason that we know'];
  return `${reason} (reason ${code})${advice ? `; ${advice}` : ''}`;
}

function explainError(error: Error | undefined, code: unknown): string {
  if (!error) {
    return 'the connection was closed; where that goes on, another client may use this client_id';
  }
  const known = typeof code === 'string' ? SYSTEM_ERRORS[code] : undefined;
  if (known) return `${known} (${code})`;
  if (error.message === 'connack timeout') return 'no answer to CONNECT; is this an MQTT port?';
  if (error.message === 'Keepalive timeout') return 'no answer to pings';
  return error.message || String(code ?? error.name);
}
