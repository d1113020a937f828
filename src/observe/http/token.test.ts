import { expect, it } from 'vitest';
import { TokenGuard } from './token.ts';

it('lets an address guess five times, and then once a second', () => {
  let nowMs = 0;
  const guard = new TokenGuard('secret', () => nowMs);
  for (let i = 0; i < 5; i++) expect(guard.token('guess', 'a')).toBe('wrong');
  expect(guard.token('secret', 'a')).toBe('wait');
  expect(guard.token('secret', 'b')).toBe('right');
  nowMs = 999;
  expect(guard.token('guess', 'a')).toBe('wait');
  nowMs = 1_000;
  expect(guard.token('guess', 'a')).toBe('wrong');
  nowMs = 1_999;
  expect(guard.token('secret', 'a')).toBe('wait');
  // Whoever has signed in need not wait.
  expect(guard.cookie(guard.cookieValue)).toBe('right');
  expect(guard.cookie('guess')).toBe('wrong');
  nowMs = 2_000;
  expect(guard.token('secret', 'a')).toBe('right');
  expect(guard.token('guess', 'a')).toBe('wrong');
});

it('keeps a bounded number of addresses in mind', () => {
  const guard = new TokenGuard('secret', () => 0);
  for (let i = 0; i < 5; i++) guard.token('guess', 'first');
  expect(guard.token('secret', 'first')).toBe('wait');
  for (let i = 0; i < 1_000; i++) guard.token('guess', String(i));
  expect(guard.token('secret', 'first')).toBe('right');
});

it('has a cookie of its own for each token, which does not tell it', () => {
  const [one, other] = [new TokenGuard('secret'), new TokenGuard('secret2')];
  expect(one.cookieName).not.toBe(other.cookieName);
  expect(one.cookieValue).not.toBe(other.cookieValue);
  expect(new TokenGuard('secret').cookieValue).toBe(one.cookieValue);
  expect(one.token(one.cookieValue, 'a')).toBe('wrong');
});
