/**
 * Percent-encoding (of UTF-8) for the few characters that a place cannot hold. All else stays as it
 * is, so that names remain readable, and no two names become one: text that would read as one of
 * our escapes gets its `%` encoded.
 *
 * @param unsafe matches one character at a time
 */
export function percentEncoder(unsafe: RegExp): (text: string) => string {
  const single = new RegExp(unsafe.source, 'u');
  const either = new RegExp(`${unsafe.source}|%[0-9A-F]{2}`, 'gu');
  const ours = (code: number): boolean =>
    code === 0x25 || code >= 0x80 || single.test(String.fromCharCode(code));
  return (text) =>
    text.replace(either, (match) => {
      if (match.length !== 3) return escapeOf(match);
      return ours(Number.parseInt(match.slice(1), 16)) ? `%25${match.slice(1)}` : match;
    });
}

function escapeOf(char: string): string {
  const bytes = [...Buffer.from(char, 'utf8')];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
