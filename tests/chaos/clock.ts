/**
 * A clock that can be set: libfaketime under one program, steered by a file.
 *
 * @module
 */
import { access, chmod, writeFile } from 'node:fs/promises'

export interface SettableClock {
  /** What a program has to be started with. */
  readonly env: Readonly<Record<string, string>>
  /** From now on it is so much ahead of the true time, or behind it. */
  set(aheadMs: number): Promise<void>
}

const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'

export const clocksCanBeSet = (): Promise<boolean> =>
  access(library).then(
    () => true,
    () => false,
  )

/** Only what the wall shows: what counts the time between two moments goes on, as when an administrator sets a clock. */
export async function createSettableClock(file: string): Promise<SettableClock> {
  const clock: SettableClock = {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1', // else the processes of one server disagree for a while
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    set: (aheadMs) => writeFile(file, `${aheadMs < 0 ? '-' : '+'}${Math.abs(aheadMs) / 1000}\n`),
  }
  await clock.set(0)
  await chmod(file, 0o644)
  return clock
}
