import type { Caller, GatewayContext } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { createAnswers, type From } from './answer.ts'
import { McpConfig } from './config.ts'
import type { Sessions } from './session.ts'
import type { Outlet } from './stream.ts'

async function asked(open: number, full: boolean): Promise<string> {
  const answers = createAnswers({
    config: McpConfig.parse({ servers: {} }),
    services: {} as GatewayContext,
    sessions: { full: () => full } as unknown as Sessions,
  })
  const attempts = new Map(Array.from({ length: open }, (_, at) => [`number:${at}`, {}]))
  const from = { session: { attempts, credential: 'key_1' }, caller: {} as Caller } as unknown as From
  const call = { kind: 'request', id: 1000, method: 'tools/call', params: { name: 'x' } } as const
  const answer = await answers.answer(call, from, () => {
    throw new Error('began') as never as Outlet
  })
  return answer.kind === 'said' ? answer.message : 'began'
}

describe('B6: a call beyond what may be open at once is told so, and begins nothing', () => {
  it.each<[string, number, boolean, string]>([
    ['of one credential, in all its sessions', 0, true, 'Too many calls are open with this credential.'],
    ['of one session', 100, false, 'Too many calls are open in this session.'],
  ])('%s', async (_, open, full, says) => {
    expect(JSON.parse(await asked(open, full))).toMatchObject({ id: 1000, error: { code: -32000, message: says } })
  })

  it('one that is within begins', async () => {
    await expect(asked(99, false)).rejects.toThrow('began')
  })
})
