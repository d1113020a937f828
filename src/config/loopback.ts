import { isIP } from 'node:net';

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1';
}

/** The same of a host as addresses have it: `[::1]`. */
export function isLoopbackInUrl(host: string): boolean {
  return host.includes(':') ? host === '[::1]' : isLoopback(host);
}
