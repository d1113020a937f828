import { describe, expect, it } from 'vitest';
import { Skill } from './skill.ts';

describe('Skill', () => {
  it('is 1 − mean |error| ÷ mean |naive error|', () => {
    const skill = new Skill(2);
    skill.add(1, 1, -4);
    skill.add(1, -1, 4);
    expect(skill.skill(1)).toBeCloseTo(0.75, 12);
  });

  it('is a bounded number on every input', () => {
    const skill = new Skill(1);
    expect(skill.skill(0)).toBe(0);
    skill.add(0, 0, 0);
    expect(skill.skill(0)).toBe(0);
    skill.add(0, 1e100, 0);
    expect(skill.skill(0)).toBe(-10);
    skill.add(0, 0, 2e100);
    expect(skill.skill(0)).toBeCloseTo(0.5, 12);
  });

  it('forgets', () => {
    const skill = new Skill(1);
    for (let i = 0; i < 10_000; i++) skill.add(0, 2, 1);
    for (let i = 0; i < 5_000; i++) skill.add(0, 0.5, 1);
    expect(skill.skill(0)).toBeGreaterThan(0.45);
  });
});
