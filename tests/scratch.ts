/**
 * Where tests put what they write. A server of PostgreSQL is a thousand files, flushed one by one: in memory that takes a
 * tenth of the time, and no test pulls the plug of the machine.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const inMemory = '/dev/shm'
/** Two workers with a few servers of 40 to 100 MB each, and what their programs write. */
const neededBytes = 2 * 2 ** 30

/** A folder in memory, or where there is too little of it, or none in which programs may lie, the usual one. */
export function scratch(): string {
  let folder: string | undefined
  try {
    const { bavail, bsize } = statfsSync(inMemory)
    if (bavail * bsize < neededBytes) return tmpdir()
    folder = mkdtempSync(join(inMemory, 'countersign-'))
    const program = join(folder, 'program')
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 })
    execFileSync(program)
    return inMemory
  } catch {
    return tmpdir() // there is none, or it is mounted `noexec`
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true })
  }
}
