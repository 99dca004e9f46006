import { once } from 'node:events'
import { chmod, chown, lstat, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { isError } from '@countersign/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findSocket, lookAtSocket, prepareSocket, socketOf } from './socket.ts'

describe('the place of the operator’s socket', () => {
  let folder: string
  let long: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cs-'))
    long = join(folder, 'd'.repeat(120))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const refused = (promise: Promise<unknown>) =>
    promise.then(
      () => false,
      (error: unknown) => isError(error, 'ERR_CONFIG_INVALID'),
    )
  const listenAt = async (path: string) => {
    const server = createServer().listen(path)
    await once(server, 'listening')
    return { close: () => new Promise((done) => server.close(done)) }
  }

  it('is the data directory, and a short one of its own where that is too long for a socket', () => {
    expect(socketOf('/data')).toEqual({ path: '/data/countersign.sock', shared: false })
    const { path, shared } = socketOf(long, folder)
    expect([shared, dirname(dirname(path)), Buffer.byteLength(path) < 100]).toEqual([true, folder, true])
    expect(socketOf(long, folder)).toEqual(socketOf(long, folder))
    expect(socketOf(`${long}2`, folder).path).not.toBe(path)
  })

  it('a short one is made for it alone, and found again', async () => {
    const path = await prepareSocket(long, folder)
    expect((await lstat(dirname(path))).mode & 0o777).toBe(0o700)
    expect(await findSocket(long, folder)).toBeUndefined()
    const server = await listenAt(path)
    expect(await findSocket(long, folder)).toBe(path)
    expect(await prepareSocket(long, folder)).toBe(path)
    await server.close()
  })

  it.each<[string, (path: string) => Promise<void>]>([
    ['open to others', async (path) => mkdir(path, { mode: 0o700 }).then(() => chmod(path, 0o755))],
    ['writable by a group', async (path) => mkdir(path, { mode: 0o700 }).then(() => chmod(path, 0o730))],
    [
      'a link to elsewhere',
      async (path) => mkdir(join(folder, 'theirs'), { mode: 0o700 }).then(() => symlink(join(folder, 'theirs'), path)),
    ],
  ])('E: a short one that was made before, and is %s, is refused, and found before', async (_, make) => {
    const path = dirname(socketOf(long, folder).path)
    expect(await lookAtSocket(long, folder)).toEqual([])
    await mkdir(long)
    expect(await lookAtSocket(long, folder)).toEqual([])
    await make(path)
    expect(await lookAtSocket(long, folder)).toEqual([
      { file: path, says: expect.stringMatching(/someone else, or is open to others/) },
    ])
    expect(await refused(prepareSocket(long, folder))).toBe(true)
  })

  it('a file in its place is no instance', async () => {
    const { path } = socketOf(long, folder)
    await mkdir(dirname(path), { mode: 0o700 })
    await writeFile(path, '')
    expect(await findSocket(long, folder)).toBeUndefined()
  })

  it('the command line talks to no socket in a place that others can write', async () => {
    const path = await prepareSocket(long, folder)
    const server = await listenAt(path)
    await chmod(dirname(path), 0o777)
    expect(await refused(findSocket(long, folder))).toBe(true)
    await server.close()
  })

  it.runIf(userInfo().uid === 0)('a place that someone else has made is refused', async () => {
    const { path } = socketOf(long, folder)
    await mkdir(dirname(path), { mode: 0o700 })
    await chown(dirname(path), 65_534, 65_534)
    expect(await refused(prepareSocket(long, folder))).toBe(true)
  })
})
