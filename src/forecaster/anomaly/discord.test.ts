import { describe, expect, it } from 'vitest';
import { Discord } from './discord.ts';

/** 12 equal steps a block. */
function feed(discord: Discord, blocks: readonly number[]): void {
  for (const block of blocks) for (let i = 0; i < 12; i++) discord.add(block);
}

const PATTERN = [0, 3, 1, 4, 1, 5, 9, 2];

describe('Discord', () => {
  it('finds a pattern again, exactly and at another level', () => {
    const discord = new Discord(64);
    feed(discord, [...PATTERN, 7, 7, ...PATTERN]);
    expect(discord.level).toBe(0);
    expect(discord.shape).toBe(0);
    feed(discord, [8, 8, ...PATTERN.map((v) => v + 10)]);
    expect(discord.shape).toBeCloseTo(0, 9);
    expect(discord.level).toBeGreaterThan(5);
  });

  it('is the distance to the nearest', () => {
    const discord = new Discord(64);
    feed(discord, [...PATTERN, ...PATTERN.map((v, i) => (i === 3 ? v + 2 : v))]);
    expect(discord.level).toBeCloseTo(2, 12);
    expect(discord.shape).toBeCloseTo(Math.sqrt(4 - 8 * 0.25 ** 2), 12);
  });

  it('says nothing across gaps, and of what is forgotten', () => {
    const discord = new Discord(24);
    feed(discord, [...PATTERN, 7, ...PATTERN.slice(0, 7), Number.NaN]);
    expect(discord.level).toBeNaN();
    feed(discord, [...Array.from({ length: 20 }, (_, i) => 100 + i * i), ...PATTERN]);
    expect(discord.level).toBeGreaterThan(50);
    discord.restart();
    expect(discord.level).toBeNaN();
  });
});
