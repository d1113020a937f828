/** Messages in, findings out. Bounded, and it says where it cut. */
import type { Message } from '../../../source/source.ts';
import { PayloadReader } from './reading.ts';
import { type TopicFinding, TopicStats } from './topic.ts';

export interface SurveyLimits {
  readonly topics: number;
  /** Messages of each topic that are looked into; later ones are counted. */
  readonly messages: number;
  /** Fields of each topic. */
  readonly fields: number;
}

export const SURVEY_LIMITS: SurveyLimits = { topics: 500, messages: 300, fields: 100 };

export interface Findings {
  /** In order of their names. */
  readonly topics: readonly TopicFinding[];
  readonly messages: number;
  /** Topics of which the broker had only a stored message to give. */
  readonly storedOnly: readonly string[];
  /** Messages of `$SYS` and our own topics. */
  readonly ours: number;
  readonly limits: SurveyLimits;
  /** Messages of topics beyond the limit. */
  readonly beyondTopics: number;
  /** Topics that sent more than is looked into. */
  readonly cutTopics: number;
}

export class Survey {
  readonly #base: string;
  readonly #limits: SurveyLimits;
  readonly #topics = new Map<string, TopicStats>();
  readonly #reader = new PayloadReader();
  readonly #stored = new Set<string>();
  #messages = 0;
  #ours = 0;
  #beyond = 0;

  /** @param base first level(s) of the topics that Foretide itself publishes on */
  constructor(base: string, limits = SURVEY_LIMITS) {
    this.#base = base;
    this.#limits = limits;
  }

  get messages(): number {
    return this.#messages;
  }

  get topics(): number {
    return this.#topics.size;
  }

  add(message: Message): void {
    const { topic } = message;
    if (topic.startsWith('$') || topic === this.#base || topic.startsWith(`${this.#base}/`)) {
      this.#ours++;
      return;
    }
    if (message.retained) {
      if (this.#stored.size < this.#limits.topics) this.#stored.add(topic);
      return;
    }
    this.#messages++;
    let stats = this.#topics.get(topic);
    if (!stats && this.#topics.size === this.#limits.topics) {
      this.#beyond++;
      return;
    }
    if (!stats) {
      stats = new TopicStats(topic, this.#reader, this.#limits.messages, this.#limits.fields);
      this.#topics.set(topic, stats);
    }
    stats.add(message);
  }

  findings(): Findings {
    const topics = [...this.#topics.values()].map((stats) => stats.finding());
    topics.sort((a, b) => (a.topic < b.topic ? -1 : 1));
    return {
      topics,
      messages: this.#messages,
      storedOnly: [...this.#stored].filter((topic) => !this.#topics.has(topic)).sort(),
      ours: this.#ours,
      limits: this.#limits,
      beyondTopics: this.#beyond,
      cutTopics: topics.filter(({ messages, looked }) => messages > looked).length,
    };
  }
}
