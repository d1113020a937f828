import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take most of a minute. */
const SLOW = [/\/test\//, /\/tfjs\.test/, /\/daemon\/(keeper|restore)\.test/];

/** Slow files come first, so that no worker sits on one when the others have done all else. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification): boolean =>
      SLOW.some((name) => name.test(moduleId));
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}
