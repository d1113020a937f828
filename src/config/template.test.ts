import { expect, it } from 'vitest';
import { parseTemplate } from './template.ts';

it('takes a template apart', () => {
  expect(parseTemplate('home/{topic[1]}.{field}{stream}/{topic}')).toEqual([
    { kind: 'text', text: 'home/' },
    { kind: 'level', level: 1 },
    { kind: 'text', text: '.' },
    { kind: 'field' },
    { kind: 'stream' },
    { kind: 'text', text: '/' },
    { kind: 'topic' },
  ]);
});

it.each([
  ['{foo}', '{foo} is not a template token'],
  ['{}', '{} is not a template token'],
  ['{topic[-1]}', '{topic[-1]} is not a template token'],
  ['{topic[a]}', '{topic[a]} is not a template token'],
  ['{field', 'a brace without its partner'],
  ['field}', 'a brace without its partner'],
  ['{{field}}', 'a brace without its partner'],
])('refuses %s and names what is allowed', (template, words) => {
  expect(() => parseTemplate(template)).toThrow(words);
  expect(() => parseTemplate(template)).toThrow('{topic[1]} (a level, from 0), {field}');
});
