/**
 * Programs of the machine, by name.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** What it printed. @throws where it is missing or ends with anything but 0 */
export const run = async (program: string, ...words: string[]): Promise<string> =>
  (await execute(program, words)).stdout

export const works = (program: string, ...words: string[]): Promise<boolean> =>
  run(program, ...words).then(
    () => true,
    () => false,
  )
