import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startPostmaster } from './postmaster.ts'

/** Ready at once, and deaf to the first SIGINT, as a server is that does not listen for signals yet. */
const deaf = `#!${process.execPath}
const { writeFileSync } = require('node:fs')
let heard = 0
process.on('SIGINT', () => {
  heard += 1
  if (heard < 2) return
  writeFileSync('heard', String(heard))
  process.exit(0)
})
writeFileSync('postmaster.pid', [process.pid, '', '', '', '', '', '', 'ready'].join('\\n'))
setInterval(() => undefined, 1000)
`

describe('one run of the server', () => {
  let folder: string
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'countersign-postmaster-'))))
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('ends with its instance, also when it does not listen for signals yet (P14)', async () => {
    const [cluster, binDir] = [join(folder, 'cluster'), join(folder, 'bin')]
    await mkdir(cluster)
    await mkdir(binDir)
    await writeFile(join(binDir, 'postgres'), deaf)
    await chmod(join(binDir, 'postgres'), 0o755)
    const { stop } = await startPostmaster({
      cluster,
      socketDir: folder,
      logFile: join(folder, 'log'),
      binaries: { binDir, version: '18.4', major: 18 },
      account: { uid: process.getuid?.() ?? 0, runAs: undefined, named: true },
      lookEveryMs: 5_000,
      onStuck: () => undefined,
    })
    await stop()
    expect(await readFile(join(cluster, 'heard'), 'utf8')).toBe('2')
  })
})
