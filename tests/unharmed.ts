/**
 * An instance that is sent what nobody should send, and what is held after each attempt: everyone is served as before.
 *
 * @module
 */
import { expect } from 'vitest'
import { knock, type McpClient, openMcp } from './knock.ts'
import { openTestInstance, type TestInstance } from './instance.ts'

/** Stands in everything that is sent, and may stand nowhere afterwards. */
export const mark = 'mark-of-the-sender'

export interface Unharmed {
  readonly instance: TestInstance
  readonly mcp: McpClient
  agentKey(): string
  bearer(): { authorization: string }
  cookie(): string
  /** A read at the HTTP gateway, a signed-in person, an MCP client and the operator's socket are answered. */
  stillServes(): Promise<void>
  /** None of it ran, none of it is quoted in the log, and the ledger adds up (P2, P11, P12). */
  nothingCameOfIt(): Promise<void>
}

export async function openUnharmed(): Promise<Unharmed> {
  const instance = await openTestInstance()
  const agentKey = () => instance.demo.keys['finance-bot']
  const mcp = await openMcp(instance.url, agentKey())
  const bearer = () => ({ authorization: `Bearer ${agentKey()}` })
  const cookie = () => instance.people.ben.cookies('/api/')
  return {
    instance,
    mcp,
    agentKey,
    bearer,
    cookie,
    async stillServes() {
      const read = await knock(`${instance.demo.gatewayUrl}/company/finance/orders?limit=1`, { headers: bearer() })
      const me = await knock(`${instance.url}/api/me`, { headers: { cookie: cookie() } })
      const ping = await mcp.post({ id: 'ping', method: 'ping' })
      const status = await knock('http://countersign/status', { socketPath: instance.socketPath })
      expect([read.status, me.status, ping.body['result'], status.status]).toEqual([200, 200, {}, 200])
    },
    async nothingCameOfIt() {
      expect(instance.demo.company.log().filter(({ did }) => !did.endsWith('.read'))).toEqual([])
      expect(JSON.stringify(instance.lines)).not.toContain(mark)
      expect((await instance.verify()).problems).toEqual([])
    },
  }
}
