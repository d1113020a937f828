import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentEncoder } from './percent.ts';

const encode = percentEncoder(/[+#\n]/u);

describe('percentEncoder', () => {
  it.each([
    ['a/b c', 'a/b c'],
    ['a+b#\n', 'a%2Bb%23%0A'],
    ['100%', '100%'],
    ['room%20', 'room%20'],
    ['a%2Bb', 'a%252Bb'],
    ['a%252B', 'a%25252B'],
    ['é+ü', 'é%2Bü'],
    ['%C3%A9', '%25C3%25A9'],
  ])('%j → %j', (text, encoded) => {
    expect(encode(text)).toBe(encoded);
  });

  it('encodes what is no ASCII as UTF-8', () => {
    expect(percentEncoder(/\uFFFE/u)('a\uFFFE')).toBe('a%EF%BF%BE');
  });

  it('never makes one name of two', () => {
    const unsafe = /[+#\n\uFFFE]/u;
    const decode = (text: string): string =>
      text.replace(/(?:%(?:2B|23|0A|25|[89A-F][0-9A-F]))+/g, (run) => decodeURIComponent(run));
    const parts = fc.constantFrom('%', '2', '5', 'B', '+', '#', '\n', '\uFFFE', 'a', 'é', '%2B');
    fc.assert(
      fc.property(fc.array(parts), (chars) => {
        const text = chars.join('');
        const encoded = percentEncoder(unsafe)(text);
        expect(encoded).not.toMatch(unsafe);
        expect(decode(encoded)).toBe(text);
      }),
    );
  });
});
