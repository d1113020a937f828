// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax under test
import { expect, it } from 'vitest';
import { environmentSubstitute } from './environment.ts';

const substitute = environmentSubstitute({ A: 'one', EMPTY: '', NESTED: '${A}', MONEY: '$& $1' });

it.each([
  ['${A}', 'one'],
  ['x${A}y${A}', 'xoneyone'],
  ['${B:-two}', 'two'],
  ['${B:-}', ''],
  ['${B:-mqtt://h:1}', 'mqtt://h:1'],
  ['${EMPTY}', ''],
  ['${EMPTY:-two}', 'two'],
  ['${NESTED}', '${A}'],
  ['${MONEY}', '$& $1'],
  ['$${A}', '${A}'],
  ['$A $ {A} }', '$A $ {A} }'],
])('%s becomes %j', (source, text) => {
  expect(substitute(source)).toEqual({ text });
});

it.each([
  ['${B}', 'the environment variable B is not set; set it, or write ${B:-default}'],
  ['${toString}', 'the environment variable toString is not set'],
  ['${A', '"${A" is not ${NAME}'],
  ['${}', '"${}" is not ${NAME}'],
  ['${A-B}', '"${A-B}" is not ${NAME}'],
  ['${1}', '"${1}" is not ${NAME}'],
])('%s is a fault', (source, message) => {
  expect(substitute(source).message).toContain(message);
});

it('names every missing variable of one text', () => {
  expect(substitute('${B} ${C}').message).toMatch(/B is not set.*C is not set/);
});
