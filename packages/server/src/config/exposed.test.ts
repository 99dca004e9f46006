import { describe, expect, it } from 'vitest'
import { Config } from './config.ts'

describe('listeners stay on this machine until Countersign has a public URL', () => {
  const publicUrl = 'https://gate.example'
  it.each<[string, object, boolean]>([
    ['nothing', {}, true],
    ['this machine', { listen: { host: '127.0.0.1' } }, true],
    ['this machine by IPv6', { listen: { host: '::1' } }, true],
    ['every address', { listen: { host: '0.0.0.0' } }, false],
    ['every address by IPv6', { listen: { host: '::' } }, false],
    ['a name', { listen: { host: 'gate.example' } }, false],
    ['a name that only looks like this machine', { listen: { host: '127.evil.example' } }, false],
    ['every address, and how it is reached', { listen: { host: '0.0.0.0' }, publicUrl }, true],
  ])('%s', (_, section, good) => {
    const { success, error } = Config.safeParse(section)
    expect(success).toBe(good)
    if (!good) expect(error?.issues[0]?.path).toEqual(['listen', 'host'])
  })
})
