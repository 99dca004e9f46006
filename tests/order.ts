/**
 * Which files of tests come first: those that take long, so that no worker is left with one at the end.
 *
 * @module
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Those whose path holds one of these, in their order; the others as Vitest has them. */
export const longestFirst = (names: readonly string[]) =>
  class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const address = ({ moduleId }: TestSpecification) => {
        const found = names.findIndex((name) => moduleId.includes(name))
        return found === -1 ? names.length : found
      }
      return (await super.sort(files)).toSorted((a, b) => address(a) - address(b))
    }
  }
