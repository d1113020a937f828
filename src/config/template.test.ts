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

it('takes names of line protocol', () => {
  expect(parseTemplate('{measurement}{tag.a b}{tags}')).toEqual([
    { kind: 'measurement' },
    { kind: 'tag', tag: 'a b' },
    { kind: 'tags' },
  ]);
});

it.each([
  ['{tag}', '{tag} is not a template token'],
  ['{tag.}', '{tag.} is not a template token'],
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
